// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '@mail-proxy/core';
import type { ObjectStores } from '../../object-storage/object-store.types.ts';
import { StorageFailure } from '../../object-storage/storage-failure.ts';
import type { SeenFile, UnneededFileStore } from './unneeded-file.store.ts';

export interface DeleteFileParts {
  readonly files: Pick<UnneededFileStore, 'isNeededAfterAll' | 'remove'>;
  /** Null where no mixin has any. */
  readonly stores: Pick<ObjectStores, 'open'> | null;
  readonly counts: { deletions: number; deletionFailures: number };
  readonly clock: Clock;
}

/** For one object. A storage that keeps whoever asks waiting, a tenant's own say, holds up the files of all others. */
export const DELETE_MS = 60_000;

/**
 * Delete a file that was given up: in the storage first, so that what is cut short in between is done again, and forgets no
 * object.
 *
 * @returns whether it is gone
 * @throws {StorageFailure}; the signal's reason
 */
export async function deleteFile(
  { files, stores, counts, clock }: DeleteFileParts,
  { pk, tenant_id, storage_url, object_key }: SeenFile,
  signal: AbortSignal,
): Promise<boolean> {
  if (await files.isNeededAfterAll(pk, clock.now())) return false;
  const late = new AbortController();
  const timeout = new StorageFailure('timeout', 'the storage does not answer in time');
  using _timer = clock.after(DELETE_MS, () => late.abort(timeout));
  try {
    if (stores === null) throw new StorageFailure('misconfigured', 'there are no storages here');
    const store = await stores.open(storage_url, tenant_id);
    await store.delete(object_key, AbortSignal.any([signal, late.signal]));
  } catch (error) {
    if (!signal.aborted) counts.deletionFailures++;
    throw error;
  }
  counts.deletions++;
  await files.remove(pk);
  return true;
}
