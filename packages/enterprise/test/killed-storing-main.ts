// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// An engine that is killed as soon as a large attachment is stored, or as the links are written that take its place.
// Arguments: database, folder of files, `stored` or `linked`.
import { defineMixin } from '@mail-proxy/core';
import { largeAttachments } from '../src/large-attachments/large-attachments.mixin.ts';
import { objectStoresOf } from '../src/object-storage/object-stores-of.ts';
import { storages } from '../src/storages/storages.mixin.ts';
import { onSqlite } from './bounce-world.case.ts';
import { attachment, LARGE, openLargeWorld, REWRITE } from './large-attachments-world.case.ts';

const [, , database = '', root = '', when = ''] = process.argv;

async function dying<Result>(moment: string, act: Promise<Result>): Promise<Result> {
  const result = await act;
  if (moment === when) process.kill(process.pid, 'SIGKILL');
  return result;
}

const killingStorages = defineMixin({
  ...storages,
  async setup(context) {
    const { provides, ...parts } = await storages.setup(context);
    const stores = objectStoresOf({ provided: () => provides });
    return {
      ...parts,
      provides: {
        ...stores,
        async open(url: string, tenantId: string) {
          const store = await stores?.open(url, tenantId);
          return {
            ...store,
            put: (...given: Parameters<NonNullable<typeof store>['put']>) =>
              dying('stored', store?.put(...given) ?? Promise.resolve()),
          };
        },
      },
    };
  },
});

const killingLinks = defineMixin({
  ...largeAttachments,
  async setup(context) {
    const { hooks = {}, ...parts } = await largeAttachments.setup(context);
    const { preparing } = hooks;
    if (preparing === undefined) throw new Error('nothing is prepared');
    return { ...parts, hooks: { ...hooks, preparing: (...given) => dying('linked', preparing(...given)) } };
  },
});

const world = await openLargeWorld(onSqlite, {
  database,
  storages: { mixin: killingStorages, config: { fileRoots: [root] } },
  mixin: killingLinks,
});
await world.configure({ ...REWRITE, storage_url: `file://${root}/large` });
await world.submit('m1', { attachments: [attachment('a.bin', LARGE)] });
// It is killed before.
setTimeout(() => process.exit(1), 45_000);
