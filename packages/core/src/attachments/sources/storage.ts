// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AttachmentBody } from '../attachment-body.ts';
import { AttachmentFailure } from '../attachment-failure.ts';
import { parseStoragePlace } from '../storage-place.ts';
import type { StorageBackend, StorageOpenContext } from '../storages/storage-backend.ts';

/** A named storage of a tenant, secrets in clear. */
export interface OpenedStorage {
  readonly protocol: string;
  readonly config: unknown;
}

export interface StorageSource extends StorageOpenContext {
  readonly backends: readonly StorageBackend[];
  /** Null where the tenant has none of that name. */
  readonly openStorage: (tenantId: string, name: string) => Promise<OpenedStorage | null>;
}

/**
 * Open a file of a named storage of the tenant: `name:path`.
 *
 * @throws {AttachmentFailure}
 */
export async function openStored(storagePath: string, source: StorageSource): Promise<AttachmentBody> {
  const place = parseStoragePlace(storagePath);
  if ('problem' in place) throw new AttachmentFailure('not_allowed', place.problem);
  const storage = await source.openStorage(source.tenantId, place.name);
  if (storage === null) throw new AttachmentFailure('not_found', `the tenant has no storage ${place.name}`);
  const backend = backendOf(storage, source.backends);
  const [wrong] = backend.check(storage.config, source);
  if (wrong !== undefined) {
    throw new AttachmentFailure('misconfigured', `the storage ${place.name}: ${wrong.pointer}: ${wrong.message}`);
  }
  return await backend.open(storage.config, place.path, source);
}

/** One that is missing may come with the next start, or be there in another instance. */
function backendOf({ protocol }: OpenedStorage, backends: readonly StorageBackend[]): StorageBackend {
  const backend = backends.find((candidate) => candidate.protocol === protocol);
  if (backend === undefined) {
    throw new AttachmentFailure('unavailable', `this server has no access to storages of protocol ${protocol}`);
  }
  return backend;
}
