// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { CORE_MIGRATIONS } from '../../database/migrations/index.ts';
import { migrate } from '../../database/migrations/migrate.ts';
import { openDatabase } from '../../database/open.ts';
import { MailProxyError } from '../../errors.ts';
import { pkGenerator } from '../../identity.ts';
import { createSealer } from '../../secrets/sealer.ts';
import { standingClock } from '../../smtp/standing-clock.case.ts';
import type { CoreSchema } from '../schema.ts';
import { createTenantStore } from '../tenant/tenant.store.ts';
import { createSuppressionStore } from './suppression.store.ts';
import { SuppressionCheck } from './suppression-check.ts';
import { prepareSuppressionLookup, type SuppressionLookup } from './suppression-lookup.ts';

const SECOND_MS = 1_000;

/** A check over a database with the tenants `empty` and `acme`, whose list has bob; what it reads is counted. */
async function openCheck({ isTold = true } = {}) {
  const empty = await openDatabase<unknown>(':memory:');
  await migrate(empty, [CORE_MIGRATIONS], 0);
  const database = empty.withTables<CoreSchema>();
  const time = standingClock();
  const { clock } = time;
  const makePk = pkGenerator(clock);
  const tenants = createTenantStore(database, createSealer(Buffer.alloc(32)));
  await tenants.create({ id: 'empty' }, 0);
  await tenants.create({ id: 'acme' }, 0);
  const store = createSuppressionStore(database);
  const add = (tenantId: string, ...addresses: readonly string[]) =>
    store.put(
      tenantId,
      addresses.map((address) => ({ pk: makePk(), address, reason: 'manual' as const, note: null, expiresAt: null })),
      { now: clock.now(), onExisting: 'replace' },
    );
  await add('acme', 'bob@example.org');
  const reads = { hasAny: 0, find: 0 };
  const real = prepareSuppressionLookup(database);
  const failing = { next: false };
  const lookup: Pick<SuppressionLookup, 'hasAny' | 'find'> = {
    hasAny(tenantId) {
      reads.hasAny += 1;
      return real.hasAny(tenantId);
    },
    async find(sought, now) {
      reads.find += 1;
      if (failing.next) {
        failing.next = false;
        throw new MailProxyError('database_unavailable');
      }
      return real.find(sought, now);
    },
  };
  const check = new SuppressionCheck({ lookup, clock, isTold: () => isTold });
  return {
    check,
    add,
    time,
    reads,
    failing,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

test('a list that is empty is asked for once a second, however many messages there are', async () => {
  await using world = await openCheck();
  const many = () => Promise.all(Array.from({ length: 500 }, () => world.check.find('empty', ['bob@example.org'])));
  expect((await many()).every(({ size }) => size === 0)).toBe(true);
  await many();
  expect(world.reads).toEqual({ hasAny: 1, find: 0 });
  world.time.advance(SECOND_MS);
  await many();
  expect(world.reads).toEqual({ hasAny: 2, find: 0 });
});

test('who does not hear what others change asks each time', async () => {
  await using world = await openCheck({ isTold: false });
  expect((await world.check.find('empty', ['bob@example.org'])).size).toBe(0);
  await world.add('empty', 'bob@example.org');
  expect((await world.check.find('empty', ['bob@example.org'])).size).toBe(1);
});

test('what was remembered is forgotten once a list has changed', async () => {
  await using world = await openCheck();
  expect((await world.check.find('empty', ['bob@example.org'])).size).toBe(0);
  await world.add('empty', 'bob@example.org');
  world.check.forget('acme');
  expect((await world.check.find('empty', ['bob@example.org'])).size).toBe(0);
  expect(world.reads.hasAny).toBe(1);
  world.check.forget('empty');
  expect((await world.check.find('empty', ['bob@example.org'])).size).toBe(1);
  world.check.forget();
  await world.check.find('empty', ['bob@example.org']);
  expect(world.reads.hasAny).toBe(3);
});

test('messages that are checked together share a look-up, and each is told of its own', async () => {
  await using world = await openCheck();
  await world.add('acme', '@gone.example');
  const asked = Array.from({ length: 300 }, (_, n) => [
    `a${n}@example.org`,
    n % 2 === 0 ? 'BOB@example.org' : `${n}@Gone.example`,
  ]);
  const found = await Promise.all(asked.map((addresses) => world.check.find('acme', addresses)));
  expect(world.reads).toEqual({ hasAny: 1, find: 1 });
  for (const [n, suppressed] of found.entries()) {
    const [, second = ''] = asked[n] ?? [];
    const by = n % 2 === 0 ? 'bob@example.org' : '@gone.example';
    expect([...suppressed]).toMatchObject([[second, { address: by, reason: 'manual' }]]);
  }
});

test('more than one statement takes go in several', async () => {
  await using world = await openCheck();
  const addresses = Array.from({ length: 900 }, (_, n) => `a${n}@example.org`);
  const found = await Promise.all(
    Array.from({ length: 5 }, () => world.check.find('acme', [...addresses, 'bob@example.org'])),
  );
  expect(found.map(({ size }) => size)).toEqual([1, 1, 1, 1, 1]);
  expect(world.reads.find).toBe(5);
});

test('a look-up that fails is told to all that wait for it, and the next one is made', async () => {
  await using world = await openCheck();
  world.failing.next = true;
  const ends = await Promise.allSettled([1, 2].map(() => world.check.find('acme', ['bob@example.org'])));
  expect(ends).toMatchObject([1, 2].map(() => ({ status: 'rejected', reason: { code: 'database_unavailable' } })));
  expect((await world.check.find('acme', ['bob@example.org'])).size).toBe(1);
});

test('no addresses are no question', async () => {
  await using world = await openCheck();
  expect((await world.check.find('acme', [])).size).toBe(0);
  expect(world.reads).toEqual({ hasAny: 0, find: 0 });
});
