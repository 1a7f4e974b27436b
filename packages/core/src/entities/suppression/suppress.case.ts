// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import type { Strike } from '../../mixin/suppressions.ts';
import { addTenants, type OpenWorld, START, type World } from '../world.case.ts';
import { prepareSuppress } from './suppress.ts';
import { prepareSuppressionLookup } from './suppression-lookup.ts';
import type { SuppressionPolicyInput } from './suppression-policy.ts';

const DAY_MS = 86_400_000;

/** Commits strikes by one policy, and tells who is on the list. */
function striking(world: World, policy: SuppressionPolicyInput | null = null) {
  const suppress = prepareSuppress(world.database, world.makePk);
  return async (...strikes: readonly Partial<Strike>[]): Promise<readonly unknown[]> => {
    const statements = suppress(
      strikes.map((strike) => ({
        ...{
          tenantId: 'acme',
          address: 'bob@example.org',
          kind: 'hard',
          at: world.time.clock.now(),
          eventPk: null,
          policy,
        },
        ...strike,
      })),
    );
    if (statements.length > 0) await world.database.write(statements);
    return ((await world.run('suppressions.list', {}, 'acme'))['items'] ?? []) as readonly unknown[];
  };
}

async function count(world: World, table: 'suppression_strikes' | 'suppressions'): Promise<number> {
  const counted = world.database.prepare<object, { n: number }>((k) =>
    k.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('n')),
  );
  const [row] = await world.database.read(counted.bind({}));
  return row?.n ?? 0;
}

export function suppressCases(open: OpenWorld): void {
  test('one hard bounce puts an address onto the list for good, one complaint does', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const strike = striking(world);
    const note = '550 5.1.1 no such user';
    expect(await strike({ address: 'Bob@Example.org', note })).toMatchObject([
      {
        address: 'bob@example.org',
        reason: 'hard_bounce',
        note,
        expires_at: null,
        created_at: '2026-01-01T00:00:00.000Z',
      },
    ]);
    expect(await strike({ address: 'eve@example.org', kind: 'complaint' })).toMatchObject([
      {},
      { address: 'eve@example.org', reason: 'complaint', expires_at: null },
    ]);
    expect(await count(world, 'suppression_strikes')).toBe(0);
  });

  test('the fifth soft bounce in thirty days puts an address onto the list, for thirty days', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const strike = striking(world);
    for (let days = 0; days < 4; days++) {
      expect(await strike({ kind: 'soft' })).toEqual([]);
      world.time.advance(DAY_MS);
    }
    // Another address, another kind and another tenant count for themselves.
    await addTenants(world, 'other');
    expect(await strike({ kind: 'soft', address: 'eve@example.org' }, { kind: 'soft', tenantId: 'other' })).toEqual([]);
    expect(await strike({ kind: 'soft' })).toMatchObject([
      { address: 'bob@example.org', reason: 'soft_bounces', expires_at: '2026-02-04T00:00:00.000Z' },
    ]);
  });

  test('an address that is taken off the list by hand has a clean slate, and no other has', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const strike = striking(world, { soft: 3 });
    await strike({ kind: 'soft', address: 'eve@example.org' }, { kind: 'soft', tenantId: 'other' });
    for (let times = 0; times < 3; times++) await strike({ kind: 'soft' });
    await world.run('suppressions.remove', { address: 'bob@example.org' }, 'acme');
    expect(await count(world, 'suppression_strikes')).toBe(2);
    expect(await strike({ kind: 'soft' })).toEqual([]);
    expect(await strike({ kind: 'soft' })).toEqual([]);
    expect(await strike({ kind: 'soft' })).toMatchObject([{ address: 'bob@example.org', reason: 'soft_bounces' }]);
  });

  test('what is older than the policy says counts no more, and is forgotten', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const strike = striking(world, { soft: 2, within: 7 });
    await strike({ kind: 'soft' });
    world.time.advance(7 * DAY_MS);
    expect(await strike({ kind: 'soft' })).toEqual([]);
    expect(await count(world, 'suppression_strikes')).toBe(2);
    const { forget } = prepareSuppressionLookup(world.database);
    expect(await forget(world.time.clock.now(), 10)).toBe(1);
    expect(await count(world, 'suppression_strikes')).toBe(1);
    expect(await strike({ kind: 'soft' })).toMatchObject([{ reason: 'soft_bounces' }]);
  });

  test('several strikes of one unit count together, in any number', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const strike = striking(world, { soft: 3 });
    expect(await strike({ kind: 'soft' }, { kind: 'soft' })).toEqual([]);
    expect(await strike({ kind: 'soft' }, { kind: 'soft' })).toMatchObject([{ address: 'bob@example.org' }]);
    expect(await striking(world)({ address: 'a@example.org' }, { address: 'A@example.org' })).toHaveLength(2);
  });

  test('what a relay said on several lines is a note of one', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const note = `550 5.1.1 no\r\nsuch\u0000user\ud800 ${'x'.repeat(600)}`;
    expect(await striking(world)({ note })).toMatchObject([
      { note: expect.stringMatching(/^550 5\.1\.1 no such user\ufffd x{476}$/) },
    ]);
  });

  test('a kind that the tenant does not count changes nothing, nor does what is no address', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const off = striking(world, { hard: null, soft: null, complaint: null });
    expect(await off({}, { kind: 'soft' }, { kind: 'complaint' })).toEqual([]);
    expect(await striking(world)({ address: 'nobody' }, { address: '@example.org' })).toEqual([]);
    expect(await striking(world)({ tenantId: 'nobody' })).toEqual([]);
    expect([await count(world, 'suppressions'), await count(world, 'suppression_strikes')]).toEqual([0, 0]);
  });

  test('a strike whose event is not stored counts for nothing', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const eventPk = world.makePk();
    const strike = striking(world, { hard: 2 });
    await strike({ eventPk });
    expect(await count(world, 'suppression_strikes')).toBe(0);
    expect(await striking(world)({ eventPk })).toEqual([]);
    const event = world.database.prepare<{ pk: string }>((k, p) =>
      k.insertInto('message_events').values({
        ...{ pk: p.pk, tenant_id: 'acme', message_pk: null, account_pk: null, type: 'error', at: START },
        ...{ attempt: 1, detail: '{}', seq: null },
      }),
    );
    await world.database.write([event.bind({ pk: eventPk })]);
    expect(await striking(world)({ eventPk })).toMatchObject([{ source_event_id: eventPk }]);
  });

  test('what stands on the list for longer stays, what ends before makes room', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const address = 'bob@example.org';
    const soft = striking(world, { soft: 1, soft_expiry: 30 });
    await world.run('suppressions.add', { address, note: 'by hand', expires_at: '2026-06-01T00:00:00Z' }, 'acme');
    expect(await soft({ kind: 'soft' })).toMatchObject([{ reason: 'manual', note: 'by hand' }]);
    expect(await striking(world)({ kind: 'complaint' })).toMatchObject([{ reason: 'complaint', expires_at: null }]);
    expect(await striking(world)({ kind: 'hard' })).toMatchObject([{ reason: 'complaint' }]);
  });

  test('an address that comes back after its time is struck anew', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const strike = striking(world, { hard_expiry: 1 });
    await strike({});
    world.time.advance(DAY_MS);
    expect(await strike({})).toMatchObject([{ created_at: '2026-01-02T00:00:00.000Z' }]);
  });

  test('entries whose time is over are deleted, others are not', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const strike = striking(world, { hard_expiry: 1 });
    await strike({ address: 'a@example.org' }, { address: 'b@example.org' });
    await striking(world)({ address: 'c@example.org' });
    const { forget } = prepareSuppressionLookup(world.database);
    expect(await forget(START + DAY_MS - 1, 10)).toBe(0);
    expect(await forget(START + DAY_MS, 1)).toBe(1);
    expect(await forget(START + DAY_MS, 10)).toBe(1);
    expect(await count(world, 'suppressions')).toBe(1);
  });

  test('how often an entry stopped mail is counted', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const [entry] = await striking(world)({});
    const { pk } = entry as { readonly pk: string };
    const { markStopped } = prepareSuppressionLookup(world.database);
    await markStopped(new Map());
    await markStopped(
      new Map([
        [pk, { times: 2, at: START + 5 }],
        ['gone', { times: 1, at: START }],
      ]),
    );
    await markStopped(new Map([[pk, { times: 1, at: START + 6 }]]));
    expect(await world.run('suppressions.get', { address: pk }, 'acme')).toMatchObject({
      stopped: 3,
      last_stopped_at: '2026-01-01T00:00:00.006Z',
    });
  });
}
