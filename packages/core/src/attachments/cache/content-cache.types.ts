// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import type { Log } from '../../observability/log.ts';

/** A hash of all bytes of a content, in hexadecimal of either case. */
export interface ContentHash {
  readonly algorithm: 'md5' | 'sha256';
  readonly hex: string;
}

/** What tells one content from all others. */
export interface ContentIdentity {
  readonly sizeBytes: number;
  readonly md5: string;
  readonly sha256: string;
}

/** A content that may be kept. */
export interface CacheableContent extends ContentIdentity {
  /** All bytes, from the first one. Called at most once, and not at all where the content is not kept. */
  read(): AsyncIterable<Uint8Array>;
}

/** A content that was kept. Its hashes are in lower case. */
export interface CachedContent extends ContentIdentity {
  readonly tier: 'memory' | 'disk';
  /**
   * All bytes, from the first one; as often as wanted. What is read from disk is hashed on its way, and the last piece
   * comes only when the hash is right: who reads to the end has the bytes that were asked for, or the error.
   *
   * @throws {MailProxyError} `cached_content_lost` when the file was removed or damaged since it was found: treat it
   * as if nothing had been found, and throw away what was read. The memory tier never throws.
   */
  read(): AsyncIterable<Uint8Array>;
}

/** Contents of attachments, each tenant's apart, in memory and on disk. */
export interface ContentCache extends AsyncDisposable {
  /**
   * Find a content by one of its hashes. A file is hashed before it counts as found. A hash that is none, a disk that
   * cannot be read, and a damaged file, which is removed, count as nothing found.
   */
  get(tenantId: string, hash: ContentHash): Promise<CachedContent | null>;
  /**
   * Keep a content for its tenant, to be found by both of its hashes. Resolves when it can be found, and all the same
   * when it is not kept: it is too large, its bytes are not those of its hashes, they or the disk failed.
   */
  put(tenantId: string, content: CacheableContent): Promise<void>;
  /**
   * Remove what is too old, then the oldest until the disk tier is within its maximum. Who reads a file that is
   * removed goes on reading it. Never rejects; ends early when `signal` aborts.
   */
  sweep(signal?: AbortSignal): Promise<void>;
}

export interface ContentCacheSettings {
  readonly memoryMaxBytes: number;
  readonly memoryTtlMs: number;
  /** Made when missing, at the first content. Several processes may share it. Without one there is no disk tier. */
  readonly diskDir: string | null;
  readonly diskMaxBytes: number;
  readonly diskTtlMs: number;
  /** Contents up to this size are kept in memory, larger ones on disk. */
  readonly diskThresholdBytes: number;
}

export interface ContentCacheOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ContentCacheSettings;
  /** Called once for each `get`, for metrics. */
  readonly onLookup?: (result: 'memory' | 'disk' | 'miss') => void;
}
