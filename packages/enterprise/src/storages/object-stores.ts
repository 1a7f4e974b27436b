// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { checkAbsolutePath, type MakePk, rootsOf, type TenantStorages } from '@mail-proxy/core';
import { createFileStore } from '../object-storage/file-store.ts';
import type { ObjectStore, ObjectStores } from '../object-storage/object-store.types.ts';
import { StorageFailure } from '../object-storage/storage-failure.ts';
import { parseStorageUrl, type StoragePlace } from '../object-storage/storage-url.ts';
import { CLOUDS, isCloudKind } from './clouds.ts';
import { problemsOf } from './config-fields.ts';
import type { InstanceStores } from './instance-stores.ts';
import type { TenantStores } from './tenant-stores.ts';

export interface ObjectStoresParts {
  readonly instance: InstanceStores;
  readonly tenants: TenantStores;
  readonly storages: TenantStorages;
  /** Folders for `file:///...`; `{tenant}` stands for the tenant's id. */
  readonly fileRoots: readonly string[];
  readonly makePk: MakePk;
}

/** Stores by their URLs, for mixins that put objects. */
export function createObjectStores(parts: ObjectStoresParts): ObjectStores {
  return {
    check(storageUrl, tenantId) {
      const place = parseStorageUrl(storageUrl);
      return 'problem' in place ? place.problem : checkPlace(place, tenantId, parts);
    },
    async open(storageUrl, tenantId) {
      const place = parseStorageUrl(storageUrl);
      const problem = 'problem' in place ? place.problem : checkPlace(place, tenantId, parts);
      if ('problem' in place || problem !== null) throw new StorageFailure('misconfigured', problem ?? '');
      return await openPlace(place, tenantId, parts);
    },
  };
}

function checkPlace(place: StoragePlace, tenantId: string, { instance, fileRoots }: ObjectStoresParts): string | null {
  if (place.kind === 'named') return null;
  if (place.kind !== 'file') return instance.check(place.kind);
  if (fileRoots.length === 0) return 'this server has no folders for file:/// (GMP_STORAGE_FILE_ROOTS)';
  return checkAbsolutePath(place.folder, rootsOf(fileRoots, tenantId));
}

async function openPlace(place: StoragePlace, tenantId: string, parts: ObjectStoresParts): Promise<ObjectStore> {
  const { instance, fileRoots, makePk } = parts;
  if (place.kind === 'named') return await openNamed(place, tenantId, parts);
  if (place.kind !== 'file') return await instance.open(place);
  return createFileStore({ folder: place.folder, roots: rootsOf(fileRoots, tenantId), makeName: makePk });
}

async function openNamed(
  { name, prefix }: { readonly name: string; readonly prefix: string },
  tenantId: string,
  { storages, tenants }: ObjectStoresParts,
): Promise<ObjectStore> {
  const found = await storages.open(tenantId, name);
  if (found === null) throw new StorageFailure('not_found', `the tenant has no storage ${name}`);
  const { protocol, config } = found;
  if (!isCloudKind(protocol)) {
    const kinds = Object.keys(CLOUDS).join(', ');
    throw new StorageFailure('misconfigured', `the storage ${name} is not one of ${kinds}: nothing can be put there`);
  }
  const [wrong] = problemsOf(CLOUDS[protocol].config, config);
  if (wrong !== undefined) {
    throw new StorageFailure('misconfigured', `the storage ${name}: ${wrong.pointer}: ${wrong.message}`);
  }
  return await tenants.open({ protocol, config, tenantId, prefix });
}
