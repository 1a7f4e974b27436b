// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { isMailProxyError, MailProxyError } from '../../errors.ts';
import type { CacheableContent, CachedContent, ContentHash } from './content-cache.types.ts';
import { contentKey } from './content-key.ts';
import { hasContent, readContent, removeContent, writeContent } from './disk-contents.ts';
import { addEntry, type DiskEntry, findEntry, removeEntry } from './disk-index.ts';
import { Gate } from './gate.ts';
import { sweepDisk } from './sweep-disk.ts';

export interface DiskTierOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** A folder in it is used, and nothing beside that is touched. */
  readonly dir: string;
  readonly maxBytes: number;
  readonly ttlMs: number;
  /** Told of damaged files. */
  readonly warn: (error: unknown) => void;
}

/** When the disk is full, a tenth is made free at once: listing all that is there for each content would be slow. */
const SPARE_SHARE = 0.1;

/** Large contents in files, each written once for all tenants; whose they are stands in the index alone. */
export class DiskTier {
  readonly #options: DiskTierOptions;
  readonly #folder: string;
  /** A put names its content inside, and a sweep is alone there: what it removes is named by nobody. */
  readonly #gate = new Gate();
  /** As the last sweep found it, and what was put since; null before. Others may have put more. */
  #storedBytes: number | null = null;
  #beingWritten = 0;

  constructor(options: DiskTierOptions) {
    this.#options = options;
    this.#folder = join(options.dir, 'mail-proxy-attachments');
  }

  /** @throws what the disk throws */
  async get(tenantId: string, hash: ContentHash): Promise<CachedContent | null> {
    const entry = await findEntry(this.#folder, contentKey(tenantId, hash), hash);
    if (entry === null || !this.#isLiving(entry) || !(await this.#isIntact(entry))) return null;
    const { sizeBytes, md5, sha256 } = entry;
    return { sizeBytes, md5, sha256, tier: 'disk', read: () => this.#read(entry) };
  }

  /** @throws {MailProxyError} `cached_content_lost` when the bytes are not those of the hashes; and what `read` or the disk throw */
  async put(tenantId: string, content: CacheableContent, signal: AbortSignal): Promise<void> {
    const { sizeBytes, md5, sha256 } = content;
    const newBytes = (await hasContent(this.#folder, sha256)) ? 0 : sizeBytes;
    if (!(await this.#takeRoom(newBytes, signal))) return;
    try {
      // Attachments are nobody's business but the server's.
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const record = { storedAt: this.#options.clock.now(), sizeBytes, md5, sha256 };
      const commit = (finish: () => Promise<void>): Promise<void> =>
        this.#gate.pass(async () => {
          await finish();
          await addEntry(this.#folder, contentKey(tenantId, { algorithm: 'md5', hex: md5 }), record);
          if (this.#storedBytes !== null) this.#storedBytes += newBytes;
        });
      const key = contentKey(tenantId, { algorithm: 'sha256', hex: sha256 });
      await writeContent({ folder: this.#folder, key, record, content, signal, commit });
    } finally {
      this.#beingWritten -= newBytes;
    }
  }

  /** @throws what the disk throws */
  sweep(signal: AbortSignal): Promise<void> {
    return this.#gate.alone(() => this.#sweepTo(this.#options.maxBytes, signal));
  }

  async #sweepTo(maxBytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#options.clock.now();
    const isLiving = (entry: DiskEntry): boolean => this.#isLiving(entry);
    this.#storedBytes = await sweepDisk({ folder: this.#folder, maxBytes, isLiving, now, signal });
  }

  /** Between two sweeps the maximum holds as well, or a busy hour would fill the disk that the queue is on. */
  async #takeRoom(newBytes: number, signal: AbortSignal): Promise<boolean> {
    const { maxBytes } = this.#options;
    if (newBytes > maxBytes) return false;
    if (!this.#fits(newBytes)) {
      const spareBytes = Math.max(newBytes, Math.floor(maxBytes * SPARE_SHARE));
      await this.#gate.alone(async () => {
        // Another that waited here may have made room for both.
        if (this.#fits(newBytes)) return;
        await this.#sweepTo(Math.max(0, maxBytes - this.#beingWritten - spareBytes), signal);
      });
    }
    if (!this.#fits(newBytes)) return false;
    this.#beingWritten += newBytes;
    return true;
  }

  #fits(newBytes: number): boolean {
    if (this.#storedBytes === null) return false;
    return this.#storedBytes + this.#beingWritten + newBytes <= this.#options.maxBytes;
  }

  /** Either way, so that a wall clock that is set back keeps nothing for longer. */
  #isLiving({ storedAt }: DiskEntry): boolean {
    return Math.abs(this.#options.clock.now() - storedAt) <= this.#options.ttlMs;
  }

  async #isIntact(entry: DiskEntry): Promise<boolean> {
    try {
      for await (const _piece of readContent(entry)) {
        // Reading on is all that it takes.
      }
      return true;
    } catch (error) {
      await this.#forgetLost(entry, error);
      return false;
    }
  }

  async *#read(entry: DiskEntry): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* readContent(entry);
    } catch (cause) {
      await this.#forgetLost(entry, cause).catch(this.#options.warn);
      throw new MailProxyError('cached_content_lost', { cause });
    }
  }

  /** @throws what is neither damage nor absence: then nothing is removed */
  async #forgetLost(entry: DiskEntry, error: unknown): Promise<void> {
    if (isMailProxyError(error, 'cached_content_lost')) {
      const detail = `${entry.path} is damaged and was removed`;
      this.#options.warn(new MailProxyError('cached_content_lost', { detail, cause: error }));
      await removeContent(this.#folder, entry.sha256);
    } else if (!isAbsence(error)) throw error;
    await removeEntry(this.#folder, entry.key);
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
