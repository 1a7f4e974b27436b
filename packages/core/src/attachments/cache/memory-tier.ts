// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash as digest } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../clock.ts';
import { MailProxyError } from '../../errors.ts';
import type { CacheableContent, CachedContent, ContentHash, ContentIdentity } from './content-cache.types.ts';
import { contentKey } from './content-key.ts';

/**
 * Counted on top of the bytes of each content, so that a flood of tiny ones is bounded too: its keys and objects take
 * 620 bytes of the heap (measured, 100,000 empty contents), and its buffer some more outside.
 */
const ENTRY_BYTES = 1_024;

export interface MemoryTierOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly maxBytes: number;
  readonly ttlMs: number;
}

interface Kept extends ContentIdentity {
  readonly bytes: Uint8Array;
  readonly md5Key: string;
}

/** Small contents in memory. Those that were not asked for the longest make room. */
export class MemoryTier {
  readonly #contents: LRUCache<string, Kept>;
  /** From the key by MD5 to the key by SHA-256, so that bytes are counted once. */
  readonly #keyByMd5 = new Map<string, string>();

  constructor({ clock, maxBytes, ttlMs }: MemoryTierOptions) {
    this.#contents = new LRUCache({
      // 0 would be no limit; nothing is as small as 1.
      maxSize: Math.max(1, maxBytes),
      sizeCalculation: ({ bytes }) => bytes.length + ENTRY_BYTES,
      ttl: ttlMs,
      // With a resolution it would keep the time by a timer of its own. What begins at 0 would never become old.
      ttlResolution: 0,
      perf: { now: () => clock.monotonic() + 1 },
      dispose: ({ md5Key }, key) => {
        if (this.#keyByMd5.get(md5Key) === key) this.#keyByMd5.delete(md5Key);
      },
    });
  }

  /** As counted: never more than `maxBytes`. */
  get usedBytes(): number {
    return this.#contents.calculatedSize;
  }

  get(tenantId: string, hash: ContentHash): CachedContent | null {
    const named = contentKey(tenantId, hash);
    const key = hash.algorithm === 'md5' ? this.#keyByMd5.get(named) : named;
    const kept = key === undefined ? undefined : this.#contents.get(key);
    if (kept === undefined) return null;
    const { sizeBytes, md5, sha256, bytes } = kept;
    return { sizeBytes, md5, sha256, tier: 'memory', read: () => copyOf(bytes) };
  }

  /** @throws {MailProxyError} `cached_content_lost` when the bytes are not those of the hashes; and what `read` throws */
  async put(tenantId: string, content: CacheableContent): Promise<void> {
    const { sizeBytes, md5, sha256 } = content;
    const bytes = await allBytes(content);
    const key = contentKey(tenantId, { algorithm: 'sha256', hex: sha256 });
    const md5Key = contentKey(tenantId, { algorithm: 'md5', hex: md5 });
    this.#contents.set(key, { sizeBytes, md5, sha256, bytes, md5Key });
    // One that is larger than all the room is not kept.
    if (this.#contents.has(key)) this.#keyByMd5.set(md5Key, key);
  }

  /** Remove what is too old; until then it holds memory, though nobody finds it. */
  sweep(): void {
    this.#contents.purgeStale();
  }

  clear(): void {
    this.#contents.clear();
  }
}

/** Hashed as a whole: a source may use one buffer for all of its pieces. */
async function allBytes(content: CacheableContent): Promise<Uint8Array> {
  const { sizeBytes, md5, sha256 } = content;
  const bytes = new Uint8Array(sizeBytes);
  let filled = 0;
  for await (const piece of content.read()) {
    if (filled + piece.length > sizeBytes) throw otherBytes();
    bytes.set(piece, filled);
    filled += piece.length;
  }
  if (filled < sizeBytes || digest('sha256', bytes) !== sha256 || digest('md5', bytes) !== md5) throw otherBytes();
  return bytes;
}

/** Who gets bytes may write to them or transfer them to a worker. */
async function* copyOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (bytes.length > 0) yield bytes.slice();
}

function otherBytes(): MailProxyError {
  return new MailProxyError('cached_content_lost', { detail: 'the bytes are not those that the hash names' });
}
