// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CacheableContent, ContentCache, ContentCacheOptions } from './content-cache.types.ts';
import { readContentHash } from './content-key.ts';
import type { DiskTier, DiskTierOptions } from './disk-tier.ts';
import { MemoryTier } from './memory-tier.ts';
import { rareWarning } from './rare-warning.ts';

/**
 * Make the cache of attachments. What another instance left in the folder is found; memory begins empty. Disposing it
 * breaks off the contents that are being put, and waits until that is done.
 */
export async function createContentCache(options: ContentCacheOptions): Promise<ContentCache> {
  const { clock, log, settings, onLookup } = options;
  const { memoryMaxBytes, memoryTtlMs, diskDir, diskMaxBytes, diskTtlMs, diskThresholdBytes } = settings;
  const warn = rareWarning({ clock, log, message: 'the attachment cache failed, and mail goes on without it' });
  const memory = new MemoryTier({ clock, maxBytes: memoryMaxBytes, ttlMs: memoryTtlMs });
  const disk =
    diskDir === null ? null : await openDisk({ clock, dir: diskDir, maxBytes: diskMaxBytes, ttlMs: diskTtlMs, warn });
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  /** Do what may fail, and fail nobody by it. */
  async function attempt<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    if (closing.signal.aborted) return otherwise;
    const running = work();
    underWay.add(running);
    try {
      return await running;
    } catch (error) {
      if (!closing.signal.aborted) warn(error);
      return otherwise;
    } finally {
      underWay.delete(running);
    }
  }

  async function keep(tenantId: string, content: CacheableContent): Promise<void> {
    const named = withReadHashes(content);
    if (named.sizeBytes <= diskThresholdBytes) await memory.put(tenantId, named);
    else await disk?.put(tenantId, named, closing.signal);
  }

  return {
    async get(tenantId, hash) {
      const wanted = readContentHash(hash);
      const found =
        wanted === null
          ? null
          : (memory.get(tenantId, wanted) ?? (await attempt(async () => disk?.get(tenantId, wanted) ?? null, null)));
      onLookup?.(found?.tier ?? 'miss');
      return found;
    },
    put: (tenantId, content) => attempt(() => keep(tenantId, content), undefined),
    async sweep(signal) {
      memory.sweep();
      const ending = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
      await attempt(async () => disk?.sweep(ending), undefined);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.allSettled(underWay);
      memory.clear();
    },
  };
}

/** The library behind it takes 0.2 s and 20 MB to load (measured), which a server without a folder is spared. */
async function openDisk(options: DiskTierOptions): Promise<DiskTier> {
  const { DiskTier } = await import('./disk-tier.ts');
  return new DiskTier(options);
}

/** @throws TypeError for what the caller has not hashed: it would be findable by nothing */
function withReadHashes(content: CacheableContent): CacheableContent {
  const md5 = readContentHash({ algorithm: 'md5', hex: content.md5 });
  const sha256 = readContentHash({ algorithm: 'sha256', hex: content.sha256 });
  if (md5 === null || sha256 === null) throw new TypeError('a content to be kept comes with both of its hashes');
  return { sizeBytes: content.sizeBytes, md5: md5.hex, sha256: sha256.hex, read: () => content.read() };
}
