// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { StorageBackend } from '../../attachments/storages/storage-backend.ts';
import type { Clock } from '../../clock.ts';
import type { MakePk } from '../../identity.ts';
import { defineOperation } from '../../operations/operation.ts';
import { invalidInput } from '../../operations/validate.ts';
import { DEFAULT_TENANT } from '../tenant/default-tenant.ts';
import {
  createStorageInput,
  listStoragesInput,
  storageOutput,
  storagePage,
  storageReference,
  storageView,
} from './storage.schema.ts';
import type { StorageStore } from './storage.store.ts';

/** What the operations on storages use. */
export interface StorageServices {
  /** Kinds of storages that there are here. */
  readonly storageBackends: readonly StorageBackend[];
  readonly storages: StorageStore;
  readonly clock: Clock;
  readonly makePk: MakePk;
}

const createStorage = defineOperation({
  name: 'storages.create',
  summary: 'Add a place from which attachments are fetched',
  http: { method: 'POST', path: '/v1/storages', status: 201 },
  access: 'tenant',
  scope: 'storages:write',
  audit: true,
  input: createStorageInput,
  output: storageOutput,
  run: async ({ storages, storageBackends, clock, makePk }: StorageServices, { name, protocol, config }, { reach }) => {
    const tenantId = reach.tenantId ?? DEFAULT_TENANT;
    refuseUnusable(storageBackends, { protocol, config, tenantId });
    const storage = { pk: makePk(), tenantId, name, protocol, config: config ?? null };
    return storageView(await storages.create(storage, clock.now()));
  },
});

const listStorages = defineOperation({
  name: 'storages.list',
  summary: 'List the storages, the oldest first',
  http: { method: 'GET', path: '/v1/storages' },
  access: 'tenant',
  scope: 'storages:read',
  audit: false,
  input: listStoragesInput,
  output: storagePage,
  run: async ({ storages }: StorageServices, input, { reach }) => {
    const { items, next } = await storages.list(reach, input);
    return { items: items.map(storageView), next };
  },
});

const getStorage = defineOperation({
  name: 'storages.get',
  summary: 'Show a storage; its configuration is never shown',
  http: { method: 'GET', path: '/v1/storages/{storage_id}' },
  access: 'tenant',
  scope: 'storages:read',
  audit: false,
  input: storageReference,
  output: storageOutput,
  run: async ({ storages }: StorageServices, input, { reach }) =>
    storageView(await storages.get(reach, input.storage_id)),
});

const deleteStorage = defineOperation({
  name: 'storages.delete',
  summary: 'Delete a storage',
  http: { method: 'DELETE', path: '/v1/storages/{storage_id}', status: 204 },
  access: 'tenant',
  scope: 'storages:write',
  audit: true,
  input: storageReference,
  output: v.null(),
  run: async ({ storages }: StorageServices, input, { reach }) => {
    await storages.delete(reach, input.storage_id);
    return null;
  },
});

/** @throws {MailProxyError} `invalid_input` with every field of the configuration that is wrong */
function refuseUnusable(
  backends: readonly StorageBackend[],
  { protocol, config, tenantId }: { readonly protocol: string; readonly config: unknown; readonly tenantId: string },
): void {
  const backend = backends.find((candidate) => candidate.protocol === protocol);
  if (backend === undefined) {
    const known = backends.map((candidate) => candidate.protocol).join(', ');
    throw invalidInput([{ pointer: '/protocol', message: `expected one of those that this server has: ${known}` }]);
  }
  const problems = backend.check(config ?? {}, { tenantId });
  if (problems.length === 0) return;
  throw invalidInput(problems.map(({ pointer, message }) => ({ pointer: `/config${pointer}`, message })));
}

/** Commands on the places of attachments. */
export const storageOperations = [createStorage, listStorages, getStorage, deleteStorage] as const;
