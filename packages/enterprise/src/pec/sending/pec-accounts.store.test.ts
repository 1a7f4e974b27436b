// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CoreSchema, createMailEngine, defineMixin } from '@mail-proxy/core';
import { VirtualClock } from '@mail-proxy/core/testing';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { pecMigrations } from '../pec.migrations.ts';
import type { PecSchema } from '../pec.table.ts';
import { accountPec } from './account-pec.ts';
import { createPecAccountStore, type PecAccountStore } from './pec-accounts.store.ts';

/** Accounts with the field `pec`, and their store, on a database whose reads are counted and may be held up. */
async function openWorld() {
  const dir = tempDir();
  const clock = new VirtualClock();
  const reads = { count: 0, answered: async (): Promise<void> => undefined };
  const saved: string[] = [];
  const stores: PecAccountStore[] = [];
  const mixin = defineMixin({
    id: 'pec',
    contract: 1,
    migrations: pecMigrations,
    setup(context) {
      const database = context.database.withTables<CoreSchema & PecSchema>();
      const store = createPecAccountStore(
        {
          prepare: database.prepare.bind(database),
          readAll: database.readAll.bind(database),
          async read(statement) {
            const { answered } = reads;
            reads.count += 1;
            const rows = await database.read(statement);
            await answered();
            return rows;
          },
        },
        clock,
      );
      stores.push(store);
      const field = accountPec(store);
      const save: typeof field.save = (pk, value) => {
        saved.push(pk);
        return field.save(pk, value);
      };
      return { extensions: { account: { pec: { ...field, save } } } };
    },
  });
  const engine = await createMailEngine({ config: { database: dir.file('mail.db') }, mixins: [mixin] });
  await engine.execute('tenants.create', { id: 'acme' });
  const [store] = stores;
  if (store === undefined) throw new Error('the mixin was not set up');
  return {
    ...{ clock, reads, store },
    /** @returns its primary key */
    async addAccount(id: string, pec: boolean): Promise<string> {
      await engine.execute('accounts.create', { tenant_id: 'acme', id, host: '127.0.0.1', port: 25, tls: 'none', pec });
      return saved.at(-1) ?? '';
    },
    change: (account_id: string, pec: boolean | null) =>
      engine.execute('accounts.update', { tenant_id: 'acme', account_id, pec }),
    /** Changes of this instance are long over. */
    settle: () => clock.advance(60_000),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}

test('whoever asks, all accounts are read once in five seconds, and told of at once in between', async () => {
  await using world = await openWorld();
  const { clock, reads, store } = world;
  const certified = await world.addAccount('certified', true);
  const plain = await world.addAccount('plain', false);
  await world.settle();
  reads.count = 0;
  const others = Array.from({ length: 20_000 }, (_, number) => `account-${number}`);
  const asked = [certified, plain, ...others];
  expect((await Promise.all(asked.map((pk) => store.recent(pk)))).filter((isPec) => isPec)).toHaveLength(1);
  expect(asked.map((pk) => store.recent(pk)).indexOf(true)).toBe(0);
  await clock.advance(4_999);
  expect([store.recent(certified), store.recent(plain)]).toEqual([true, false]);
  expect(reads.count).toBe(1);
  await clock.advance(1);
  expect(await Promise.all(asked.map((pk) => store.recent(pk)))).toContain(true);
  expect(reads.count).toBe(2);
});

test('what is changed here is known at once, also where all were read while it was written', async () => {
  await using world = await openWorld();
  const { clock, reads, store } = world;
  const account = await world.addAccount('account', false);
  await world.settle();
  expect(await store.recent(account)).toBe(false);
  await world.change('account', true);
  expect(await store.recent(account)).toBe(true);
  await clock.advance(5_000);
  // What was read before the change is told after it.
  const [read, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  reads.answered = () => {
    read.resolve();
    return held.promise;
  };
  const before = store.recent('another');
  reads.answered = async () => undefined;
  await read.promise;
  await world.change('account', null);
  held.resolve();
  expect(await before).toBe(false);
  expect(await store.recent(account)).toBe(false);
  await world.settle();
  expect(await store.recent(account)).toBe(false);
  expect(store.recent(account)).toBe(false);
});

test('what cannot be read is told to whoever asked, and read anew for whoever asks next', async () => {
  await using world = await openWorld();
  const { clock, reads, store } = world;
  const certified = await world.addAccount('certified', true);
  await world.settle();
  expect(await store.recent(certified)).toBe(true);
  await clock.advance(5_000);
  reads.answered = () => Promise.reject(new Error('no database'));
  const asked = [store.recent(certified), store.recent('another')];
  for (const each of asked) await expect(each).rejects.toThrow('no database');
  reads.answered = async () => undefined;
  expect(await store.recent(certified)).toBe(true);
});

test('what was read slowly is as old as its beginning', async () => {
  await using world = await openWorld();
  const { clock, reads, store } = world;
  const certified = await world.addAccount('certified', true);
  await world.settle();
  const held = Promise.withResolvers<void>();
  reads.answered = () => held.promise;
  const asked = store.recent(certified);
  await clock.advance(5_000);
  held.resolve();
  reads.answered = async () => undefined;
  expect(await asked).toBe(true);
  expect(store.recent(certified)).toBeInstanceOf(Promise);
});
