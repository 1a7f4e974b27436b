// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { parse } from 'valibot';
import { describe, expect, inject, test } from 'vitest';
import { type Caller, execute } from '../../operations/execute.ts';
import type { Operation } from '../../operations/operation.ts';
import { reachOf, tenantPrincipal } from '../../operations/principal.ts';
import { createSequencer } from '../../queue/sequence-events.ts';
import { EVENT_AT, type EventWorld, openPostgresWorld, openSqliteWorld } from './event-world.case.ts';
import { listEvents, type MessageEventServices } from './message-event.operations.ts';
import { eventPage, toEventOutput } from './message-event.schema.ts';
import { createMessageEventStore } from './message-event.store.ts';

describe.each([
  { name: 'SQLite', skip: '', open: openSqliteWorld },
  { name: 'PostgreSQL', skip: inject('pgSkip'), open: () => openPostgresWorld(inject('pgUrl'), inject('pgMigrated')) },
])('the event store on $name', ({ skip, open }) => {
  test.skipIf(skip !== '')('lists numbered events of one tenant only, with the names that clients know', async () => {
    await using world = await open();
    const store = createMessageEventStore(world.database);
    await world.addTenant('acme');
    await world.addTenant('other');
    const first = await world.addEvent('acme', { type: 'deferred', detail: { reason: 'greylisted' } });
    await world.addEvent('other');
    await createSequencer(world.database).sequence('acme', 10);
    await createSequencer(world.database).sequence('other', 10);
    const fresh = await world.addEvent('acme');

    const rows = await store.listAfter('acme', 0, 10);
    expect(rows).toMatchObject([
      { pk: first, seq: 1, tenant_id: 'acme', message_id: 'acme-mail', account_id: 'relay', batch_code: 'spring' },
    ]);
    expect(await store.listAfter('acme', 1, 10)).toEqual([]);
    const history = await store.listOfMessage(reachOf('acme'), rows[0]!.message_pk ?? '');
    expect(history.map((row) => [row.pk, row.seq])).toEqual([
      [first, 1],
      [fresh, null],
    ]);
    expect(toEventOutput(history[0]!)).toEqual({
      id: first,
      seq: 1,
      tenant_id: 'acme',
      pk: rows[0]!.message_pk,
      message_id: 'acme-mail',
      account_id: 'relay',
      batch_code: 'spring',
      type: 'deferred',
      at: new Date(EVENT_AT).toISOString(),
      attempt: 1,
      reason: 'greylisted',
      recipients: [],
      next_attempt_at: null,
      possible_duplicate: false,
      bounce_type: null,
      bounce_code: null,
      bounce_reason: null,
      feedback: null,
      extra: null,
      until: null,
    });
  });

  test.skipIf(skip !== '')('the cursor never goes back, and an acknowledgement forgets failures', async () => {
    await using world = await open();
    const store = createMessageEventStore(world.database);
    await world.addTenant('acme', 'http://client.example');
    expect(await store.tenantsToGreet(1_000, 1_000)).toEqual(['acme']);
    for (let i = 0; i < 3; i++) await world.addEvent('acme');
    await createSequencer(world.database).sequence('acme', 10);
    expect(await store.tenantsToTell()).toEqual(['acme']);
    expect(await store.lag()).toEqual({ unacknowledged: 3, oldestAt: EVENT_AT, failing: 0, disabled: 0 });

    const failed = { now: 1_500, failures: 2, batchFailures: 1, nextAttemptAt: 5_000, lastError: 'no answer in time' };
    await world.database.write([store.fail('acme', { ...failed, isGone: false, batch: { at: 1_400, to: 3 } })]);
    expect(await store.cursor('acme')).toMatchObject({ batch_at: 1_400, batch_to: 3, failing_since: 1_500 });
    expect(await store.lag()).toMatchObject({ failing: 1 });
    const cursor = { tenant_id: 'acme', acked_seq: 0, next_attempt_at: 5_000 };
    expect(await store.moveNextAttempt({ ...cursor, next_attempt_at: 4_999 }, 9_000)).toBe(false);
    expect(await store.moveNextAttempt({ ...cursor, acked_seq: 1 }, 9_000)).toBe(false);
    expect(await store.moveNextAttempt(cursor, 9_000)).toBe(true);

    for (const [ackedSeq, lastSyncAt] of [
      [3, 2_000],
      [1, 3_000],
    ] as const) {
      await world.database.write([store.acknowledge('acme', { ackedSeq, lastSyncAt, nextSyncAfter: 8_000 })]);
    }
    expect(await store.cursor('acme')).toEqual({
      tenant_id: 'acme',
      last_seq: 3,
      acked_seq: 3,
      last_sync_at: 3_000,
      next_sync_after: 8_000,
      failures: 0,
      next_attempt_at: 0,
      last_error: null,
      calls: 3,
      batch_at: null,
      batch_to: null,
      batch_failures: 0,
      failing_since: null,
      disabled_at: null,
    });
    expect(await store.tenantsToTell()).toEqual([]);
    expect(await store.lag()).toEqual({ unacknowledged: 0, oldestAt: null, failing: 0, disabled: 0 });
    expect(await store.tenantsToGreet(10_000, 7_999)).toEqual([]);
    expect(await store.tenantsToGreet(2_999, 8_000)).toEqual([]);
    expect(await store.tenantsToGreet(3_000, 8_000)).toEqual(['acme']);
  });
});

describe('events.list', () => {
  const operator: Caller = { principal: { kind: 'admin', name: 'operator' }, origin: 'test' };

  async function list(world: EventWorld, input: object, caller = operator) {
    const services = { messageEvents: createMessageEventStore(world.database), waitForEvents: async () => undefined };
    // `execute` validates before it runs, so that any input may come in.
    const operation = listEvents as unknown as Operation<MessageEventServices>;
    return parse(eventPage, await execute(operation, input, { services, caller, audit: async () => undefined }));
  }

  test('pages through the sequence, and the last page has no next', async () => {
    await using world = await openSqliteWorld();
    await world.addTenant('acme');
    for (let i = 0; i < 3; i++) await world.addEvent('acme');
    await createSequencer(world.database).sequence('acme', 10);

    const first = await list(world, { tenant_id: 'acme', limit: '2' });
    expect(first.items.map((item) => item.seq)).toEqual([1, 2]);
    expect(first.next).toBe('2');
    const second = await list(world, { tenant_id: 'acme', limit: 2, after: first.next });
    expect(second.items.map((item) => item.seq)).toEqual([3]);
    expect(second.next).toBeNull();
  });

  test('a tenant sees its own events without saying so, and no others', async () => {
    await using world = await openSqliteWorld();
    await world.addTenant('acme');
    await world.addTenant('other');
    await world.addEvent('acme');
    await createSequencer(world.database).sequence('acme', 10);
    const as = (tenantId: string): Caller => ({ principal: tenantPrincipal(tenantId, 'key'), origin: 'test' });
    expect((await list(world, {}, as('acme'))).items).toHaveLength(1);
    expect((await list(world, {}, as('other'))).items).toEqual([]);
    await expect(list(world, { tenant_id: 'acme' }, as('other'))).rejects.toMatchObject({ code: 'not_found' });
  });

  test('an operator has to say whose events', async () => {
    await using world = await openSqliteWorld();
    await expect(list(world, {})).rejects.toMatchObject({
      code: 'invalid_input',
      problems: [{ pointer: '/tenant_id' }],
    });
  });
});
