// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { openMemoryStores } from './memory-stores.case.ts';
import { objectStoreCases, putText } from './object-store.case.ts';
import { objectStoresOf } from './object-stores-of.ts';
import { StorageFailure } from './storage-failure.ts';

objectStoreCases(async () => ({
  store: await openMemoryStores().open('s3://bucket/prefix', 'acme'),
  async [Symbol.asyncDispose]() {},
}));

test('stores in memory count, and fail as they are told', async () => {
  const stores = openMemoryStores(['own']);
  expect(stores.check('other:prefix', 'acme')).toBe('the tenant has no storage other');
  const store = await stores.open('own:prefix', 'acme');
  await putText(store, 'a', 'content');
  expect([...stores.objects.keys()]).toEqual(['own:prefix/a']);
  expect(stores.puts).toEqual(['a']);
  stores.before = async () => {
    throw new StorageFailure('unavailable', 'it is down');
  };
  await expect(putText(store, 'b', 'content')).rejects.toMatchObject({ code: 'unavailable', permanence: 'temporary' });
});

test('the stores are found where a mixin handed them out', () => {
  const stores = openMemoryStores();
  expect(objectStoresOf({ provided: (id) => (id === 'storages' ? stores : undefined) })).toBe(stores);
  expect(objectStoresOf({ provided: () => ({}) })).toBeNull();
  expect(objectStoresOf({ provided: () => undefined })).toBeNull();
});
