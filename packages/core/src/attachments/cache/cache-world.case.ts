// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { tempDir } from '@mail-proxy/testkit';
import { silentLog } from '../../observability/log.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import type { CacheableContent, CachedContent, ContentCacheSettings } from './content-cache.types.ts';
import { createContentCache } from './create-content-cache.ts';

/** Small enough to fill in a test; contents of more than 100 bytes go to disk. */
const SETTINGS = {
  memoryMaxBytes: 10_000,
  memoryTtlMs: 300_000,
  diskMaxBytes: 1_000_000,
  diskTtlMs: 3_600_000,
  diskThresholdBytes: 100,
};

/** Files carry the real time, which a test that moves its clock on must not overtake. */
const EARLIER_MS = 1_000 * 3_600_000;

/** A cache on a folder of its own, at a time that stands still. */
export function openCacheWorld(settings: Partial<ContentCacheSettings> = {}) {
  const dir = tempDir();
  const clock = new VirtualClock(Date.now() - EARLIER_MS);
  const warnings: Record<string, unknown>[] = [];
  const lookups: string[] = [];
  const log = { ...silentLog, warn: (fields: object) => void warnings.push({ ...fields }) };
  return {
    dir,
    clock,
    warnings,
    lookups,
    /** Another call is another process on the same folder, as far as that can be told. */
    open: (more: Partial<ContentCacheSettings> = {}) =>
      createContentCache({
        clock,
        log,
        settings: { ...SETTINGS, diskDir: dir.path, ...settings, ...more },
        onLookup: (result) => void lookups.push(result),
      }),
    /** Files with bytes of contents. */
    contents: () => filesBelow(dir.file('mail-proxy-attachments', 'content-v2')),
    /** Files that say which contents there are. */
    buckets: () => filesBelow(dir.file('mail-proxy-attachments', 'index-v5')),
    /** Files that are being written. */
    drafts: () => filesBelow(dir.file('mail-proxy-attachments', 'tmp')),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** A content with these bytes, handed out in pieces. */
export function contentOf(bytes: Uint8Array | string, pieceBytes = 1_000): CacheableContent {
  const all = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return {
    sizeBytes: all.length,
    md5: hash('md5', all),
    sha256: hash('sha256', all),
    async *read() {
      for (let at = 0; at < all.length; at += pieceBytes) yield new Uint8Array(all.subarray(at, at + pieceBytes));
    },
  };
}

/** A content of which each number makes another one. */
export function contentNumber(number: number, sizeBytes: number): CacheableContent {
  return contentOf(Buffer.alloc(sizeBytes, `${number}|`));
}

export const bySha256 = ({ sha256 }: CacheableContent) => ({ algorithm: 'sha256', hex: sha256 }) as const;
export const byMd5 = ({ md5 }: CacheableContent) => ({ algorithm: 'md5', hex: md5 }) as const;

/** All that is read of a content; null of none. */
export async function bytesOf(content: Pick<CachedContent, 'read'> | null): Promise<Buffer | null> {
  return content === null ? null : await buffer(content.read());
}

/** SHA-256 of all that is read of a content: that of its bytes, however long, says as much in a failed test. */
export async function hashOf(content: Pick<CachedContent, 'read'> | null): Promise<string | null> {
  const bytes = await bytesOf(content);
  return bytes === null ? null : hash('sha256', bytes);
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return paths.filter((path) => statSync(path).isFile());
}
