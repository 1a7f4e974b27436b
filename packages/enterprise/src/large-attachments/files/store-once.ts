// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { AttachmentFailure, type Clock, type Leases } from '@mail-proxy/core';
import type { ObjectStore } from '../../object-storage/object-store.types.ts';
import { StorageFailure } from '../../object-storage/storage-failure.ts';
import type { LargeFilesTable } from '../large-attachments.table.ts';
import type { LargeCounts } from './large-counts.ts';
import type { LargeFileStore, WantedFile } from './large-file.store.ts';

/** A file of a message, to be put into a storage. */
export interface FileToStore extends WantedFile {
  /** Of what the object is to be said to be. */
  readonly mimeType: string;
  read(): AsyncIterable<Uint8Array>;
}

export interface StoreOnceParts {
  readonly files: Pick<LargeFileStore, 'claim' | 'stored'>;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly counts: LargeCounts;
}

/** Put a file into a storage, unless it is there. @throws {AttachmentFailure} and what the storage throws */
export type StoreOnce = (file: FileToStore, store: ObjectStore, signal: AbortSignal) => Promise<LargeFilesTable>;

/** How often to look whether another instance is done (milliseconds). */
const LOOK_MS = 500;
/** How long an object that was seen counts as there: somebody else may clear the storage (milliseconds). */
const SEEN_MS = 3_600_000;
const MAX_SEEN = 10_000;

interface Upload {
  readonly signal: AbortSignal;
  readonly done: Promise<LargeFilesTable>;
}

/**
 * Each content is uploaded once, whoever has it: messages of one process wait for the same upload, instances take turns, and
 * what is there already stays as it is, also where nobody lived to write that down.
 */
export function createStoreOnce({ files, leases, clock, counts }: StoreOnceParts): StoreOnce {
  const uploads = new Map<string, Upload>();
  /** By the file's key, until when (monotonic). */
  const seen = new Map<string, number>();

  const noteSeen = (pk: string): void => {
    if (seen.size >= MAX_SEEN) seen.clear();
    seen.set(pk, clock.monotonic() + SEEN_MS);
  };
  const isKnown = ({ state, pk }: LargeFilesTable): boolean =>
    state === 'stored' && (seen.get(pk) ?? 0) > clock.monotonic();

  const put: StoreOnce = async (wanted, store, signal) => {
    let { file, isNew } = await files.claim(wanted);
    if (isKnown(file)) return reused(file);
    const turn = `upload:${file.pk}`;
    while (!(await leases.take(turn))) {
      await clock.sleep(LOOK_MS, signal);
      signal.throwIfAborted();
    }
    try {
      // Whoever had the turn before may have ended it.
      if (!isNew) ({ file } = await files.claim(wanted));
      const isThere = !isNew && (await hasAll(store, file, signal));
      if (!isThere) await upload(wanted, file, store, signal);
      if (!isThere || file.state !== 'stored') await markStored(file);
      noteSeen(file.pk);
      return isThere ? reused(file) : file;
    } finally {
      await leases.release(turn);
    }
  };
  const upload = async (
    { mimeType, read, sizeBytes }: FileToStore,
    { object_key }: LargeFilesTable,
    store: ObjectStore,
    signal: AbortSignal,
  ): Promise<void> => {
    try {
      await store.put(object_key, read(), { sizeBytes, mimeType, signal });
    } catch (error) {
      counts.uploadFailures++;
      throw error;
    }
    counts.uploads++;
    counts.uploadedBytes += sizeBytes;
  };
  const markStored = async ({ pk }: LargeFilesTable): Promise<void> => {
    if (await files.stored(pk)) return;
    throw new AttachmentFailure('unavailable', 'it was cleared away while it was stored');
  };
  const reused = (file: LargeFilesTable): LargeFilesTable => {
    counts.reused++;
    return file;
  };

  return async (wanted, store, signal) => {
    const key = [wanted.tenantId, wanted.storageUrl, wanted.contentHash].join('\n');
    for (;;) {
      const running = uploads.get(key);
      if (running === undefined) break;
      const file = await outcomeOf(running, signal);
      if (file !== null) return reused(file);
    }
    const own: Upload = { signal, done: put(wanted, store, signal) };
    uploads.set(key, own);
    try {
      return await own.done;
    } finally {
      uploads.delete(key);
    }
  };
}

/** Of what another message began; null where it was given up for that message's sake alone. */
async function outcomeOf({ done, signal: its }: Upload, signal: AbortSignal): Promise<LargeFilesTable | null> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([done, aborted]);
  } catch (error) {
    if (its.aborted && !signal.aborted) return null;
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Objects come as a whole or not at all, so that one of this size is it. S3 says of what is not there that it may not be read,
 * unless the credentials may list the bucket: then it is put, which says whether they can be used.
 */
async function hasAll(store: ObjectStore, file: LargeFilesTable, signal: AbortSignal): Promise<boolean> {
  try {
    return await findAll(store, file, signal);
  } catch (error) {
    if (error instanceof StorageFailure && error.code === 'no_access') return false;
    throw error;
  }
}

async function findAll(
  store: ObjectStore,
  { object_key, size_bytes }: LargeFilesTable,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await store.get(object_key, { signal, range: { start: 0, end: 0 } });
  if (found === null) return false;
  // One byte, so that nothing of it stays open.
  for await (const _ of found.body);
  return found.sizeBytes === size_bytes;
}
