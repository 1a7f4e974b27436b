// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin, type TenantStorages } from '@mail-proxy/core';
import { expect, test } from 'vitest';
import { openWorld } from './engine-world.case.ts';

test('a mixin opens the storages of tenants by their names, and those of that tenant only', async () => {
  const given: TenantStorages[] = [];
  const reader = defineMixin({
    ...{ id: 'reader', contract: 1 },
    setup({ storages }) {
      given.push(storages);
      return { storages: [{ protocol: 'memory', check: () => [], open: () => Promise.reject(new Error('not here')) }] };
    },
  });
  await using world = await openWorld({ start: false, mixins: [reader] });
  const config = { key: 's3cret' };
  const made = await world.engine.execute('storages.create', { name: 'files', protocol: 'memory', config });
  const { pk } = Object(made);
  expect(await given[0]?.open('default', 'files')).toEqual({ pk, protocol: 'memory', config });
  expect(await given[0]?.open('default', 'others')).toBeNull();
  expect(await given[0]?.open('acme', 'files')).toBeNull();
});
