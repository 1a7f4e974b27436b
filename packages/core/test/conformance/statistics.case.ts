// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CompiledQuery, type RawBuilder, sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import type { Database } from '../../src/database/database.ts';
import { rowsJson } from '../../src/database/row-parameters.ts';
import type { Statement } from '../../src/database/statement.ts';
import { TrafficKeeper } from '../../src/delivery/traffic-keeper.ts';
import { createLaneAccountStore } from '../../src/entities/lane/lane-account.store.ts';
import { createMessageStore, type MessageStore } from '../../src/entities/message/message.store.ts';
import { searchMessages } from '../../src/entities/message/search-messages.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { createTrafficStore } from '../../src/entities/statistics/traffic.store.ts';
import { Traffic } from '../../src/entities/statistics/traffic.ts';
import { firstPkAt } from '../../src/identity.ts';
import { silentLog } from '../../src/observability/log.ts';
import { reachOf, reachOfAll } from '../../src/operations/principal.ts';
import { prepareLaneFigures } from '../../src/queue/lane-figures.ts';
import { prepareWaitingFigures } from '../../src/queue/waiting-figures.ts';
import { watched } from './claim-plan.case.ts';
import { listerOf } from './lanes.case.ts';
import { createWorld, type OpenStore, type World } from './store-world.case.ts';

const MINUTE_MS = 60_000;
const LANES = 10_000;
/** More than are counted in one lane. */
const IN_ONE_LANE = 10_500;

async function write({ database }: World, statement: RawBuilder<unknown>): Promise<void> {
  await database.write([database.prepare<object>((k) => ({ compile: () => statement.compile(k) })).bind({})]);
}

/** Ten thousand lanes with a message each, one with more than are counted, and as many finished ones. */
async function fill(world: World): Promise<void> {
  const { database, clock, makePk, accountPk, tenantId } = world;
  const now = clock.now();
  const accounts = Array.from({ length: LANES }, () => ({ pk: makePk() }));
  const { rows } = database.dialect;
  await write(
    world,
    sql`insert into ${sql.table('accounts')} (pk, tenant_id, id, host, port, tls, tls_insecure, is_default,
        max_connections, max_messages_per_connection, version, created_at, updated_at)
      select pk, 'many', pk, 'relay.example', 25, 'none', 0, 0, 1, 100, 1, 0, 0
      from ${rows<{ pk: string }>(rowsJson(accounts), { pk: 'text' })} r`,
  );
  const message = (account_pk: string, tenant_id: string, state: string) => ({
    pk: makePk(),
    account_pk,
    tenant_id,
    state,
  });
  const messages = [
    ...accounts.flatMap(({ pk }) => [message(pk, 'many', 'ready'), message(pk, 'many', 'final')]),
    ...Array.from({ length: IN_ONE_LANE }, () => message(accountPk, tenantId, 'ready')),
  ];
  const columns = { pk: 'text', account_pk: 'text', tenant_id: 'text', state: 'text' } as const;
  await write(
    world,
    sql`insert into ${sql.table('messages')} (pk, tenant_id, id, account_pk, state, priority, eligible_at, rank, attempts,
        on_in_doubt, units, unfetched, size_bytes, content_removed, fetch_attempts, message_id, created_at, updated_at)
      select pk, tenant_id, pk, account_pk, state, 2, cast(${now} as bigint), cast(${now} as bigint), 0, 'retry', 1, 0, 0, 0, 0,
        pk, cast(${now} as bigint), cast(${now} as bigint)
      from ${rows<(typeof messages)[number]>(rowsJson(messages), columns)} r`,
  );
  const recipients = messages.map(({ pk }, index) => ({ message_pk: pk, address: `ann@D${index % 1_000}.example` }));
  await addRecipients(world, recipients, 0);
  if (database.dialect.name === 'postgres') await write(world, sql`analyze`);
}

interface Recipient {
  readonly message_pk: string;
  readonly address: string;
}

/** @param first - position of the first of each message */
async function addRecipients(world: World, recipients: readonly Recipient[], first: number): Promise<void> {
  const given = world.database.dialect.rows<Recipient>(rowsJson(recipients), { message_pk: 'text', address: 'text' });
  await write(
    world,
    sql`insert into ${sql.table('message_recipients')} (message_pk, position, kind, address, state, attempts, updated_at)
      select message_pk, ${sql.lit(first)} - 1 + row_number() over (partition by message_pk order by address), 'to',
        address, 'pending', 0, 0
      from ${given} r`,
  );
}

/** What the database says of how it goes about these statements, a line for each step. */
async function plansOf(database: Database<CoreSchema>, statements: readonly Statement[]): Promise<readonly string[]> {
  const word = database.dialect.name === 'postgres' ? 'explain' : 'explain query plan';
  const lines: string[] = [];
  for (const { prepared, parameters } of statements) {
    // All that is read of it here is the text and the parameters.
    const compiled = { sql: `${word} ${prepared.sql}`, parameters } as unknown as CompiledQuery<object>;
    const explain = database.prepare<object, object>(() => ({ compile: () => compiled }));
    for (const row of await database.read(explain.bind({}))) lines.push(Object.values(row).map(String).join(' '));
  }
  return lines;
}

/** Where a domain has more entries of others than are looked at, a tenant's page ends at a message of its own. */
async function expectOwnCursors(world: World, messages: MessageStore): Promise<void> {
  const reach = reachOf(world.tenantId);
  const newestFirst = { order: 'newest first', after: null, limit: 20_000 } as const;
  const own = (await messages.list(reach, {}, newestFirst)).map(({ pk }) => pk);
  // Older than all of them.
  const others = await messages.list(reachOf('many'), {}, { ...newestFirst, limit: 6 });
  const to = (message_pk: string, entries: number) =>
    Array.from({ length: entries }, (_, index) => ({ message_pk, address: `ann${index}@dense.example` }));
  const oldest = own.slice(-2).map((pk) => to(pk, 1));
  await addRecipients(world, [...others.map(({ pk }) => to(pk, 1_000)), ...oldest].flat(), 1);
  const found: string[] = [];
  const cursors: string[] = [];
  for (let after: string | null = null; ; ) {
    const search = { reach, filter: {}, sought: { domain: 'dense.example', subject: null } };
    const page = await searchMessages(messages, search, { after, limit: 20 });
    found.push(...page.rows.map(({ pk }) => pk));
    after = page.next;
    if (after === null) break;
    cursors.push(after);
  }
  expect(found).toEqual(own.slice(-2));
  expect(cursors.length).toBeGreaterThan(0);
  expect(cursors.filter((pk) => !own.includes(pk))).toEqual([]);
}

/** Steps that go through all messages or all recipients. */
const WALKS = /Seq Scan on (messages|message_recipients)\b|^[\d ]*SCAN (messages|message_recipients|m)$/;

export function statisticsConformance(open: OpenStore): void {
  describe('statistics', () => {
    test('of a minute are written in one commit where anything happened, add up over instances, and outlive a process but for its last minute', async () => {
      await using world = await createWorld(open);
      const { clock, database, tenantId } = world;
      await world.addTenant('globex');
      const store = createTrafficStore(database);
      const keepers = [11, 12].map((session) => {
        const traffic = new Traffic({ clock });
        const stop = new AbortController();
        const keeper = new TrafficKeeper({ clock, log: silentLog, traffic, store, session: () => session });
        return { traffic, stop, ended: keeper.run(stop.signal) };
      });
      const [here, there] = keepers;
      if (here === undefined || there === undefined) throw new Error('there are two');
      const commitsOf = async (work: () => Promise<void>): Promise<number> => {
        const before = database.stats.commits;
        await work();
        // The clock lets promises go on, not the thread that writes.
        await database.read(database.prepare<object>((k) => k.selectFrom('instance').selectAll()).bind({}));
        await expect.poll(() => here.traffic.minutesBefore(clock.now() - (clock.now() % MINUTE_MS))).toEqual([]);
        return database.stats.commits - before;
      };
      const start = clock.now();
      expect(await commitsOf(() => clock.advance(5 * MINUTE_MS))).toBe(0);
      here.traffic.count({ kind: 'accepted', tenantId, accountPk: 'a', count: 3 });
      here.traffic.count({ kind: 'sent', tenantId, accountPk: 'a' });
      here.traffic.count({ kind: 'accepted', tenantId: 'globex' });
      here.traffic.count({ kind: 'accepted', tenantId: 'gone' });
      expect(here.traffic.lastMinuteOf('a')).toMatchObject({ accepted: 3, sent: 1 });
      expect(await commitsOf(() => clock.advance(MINUTE_MS))).toBe(1);
      expect(here.traffic.lastMinuteOf('a')).toMatchObject({ accepted: 0, sent: 0 });
      there.traffic.count({ kind: 'accepted', tenantId });
      await clock.advance(1_000);
      there.stop.abort();
      await there.ended;

      const seen = async (tenant: string | null) =>
        (await store.since(tenant, start, 11))
          .toSorted((a, b) => a.at - b.at)
          .map(({ at, is_own, accepted, sent }) => [(at - start) / MINUTE_MS, is_own, accepted, sent].join(' '));
      expect(await seen(null)).toEqual(['5 1 5 1', '6 0 1 0']);
      expect(await seen(tenantId)).toEqual(['5 1 3 1', '6 0 1 0']);
      expect(await seen('globex')).toEqual(['5 1 1 0']);
      expect(await seen('gone')).toEqual([]);

      // A commit in doubt is written again.
      await store.write(11, [
        { at: start + 5 * MINUTE_MS, tenantId, accepted: 3, sent: 1, failed: 0, deferred: 0, bounced: 0, reported: 0 },
      ]);
      expect(await seen(tenantId)).toEqual(['5 1 3 1', '6 0 1 0']);
      // What was counted and not written down is gone with the process: no more than of a minute.
      here.traffic.count({ kind: 'failed', tenantId });
      expect(await store.since(null, start + 7 * MINUTE_MS, 11)).toEqual([]);
      expect(await store.forget(start + 6 * MINUTE_MS, 10)).toBe(2);
      expect(await store.forget(start + 6 * MINUTE_MS, 10)).toBe(0);
      expect(await seen(null)).toEqual(['6 0 1 0']);
      here.stop.abort();
      await here.ended;
    });

    test('of a minute add up though the clock steps back into it, and none are lost by a leap', async () => {
      await using world = await createWorld(open);
      const { database, tenantId } = world;
      const store = createTrafficStore(database);
      // Time as a person sets it, beside the one by which the keeper sleeps.
      let setBack = 0;
      const clock: Clock = {
        now: () => world.clock.now() - setBack,
        monotonic: () => world.clock.monotonic(),
        sleep: (ms, signal) => world.clock.sleep(ms, signal),
        after: (ms, fn) => world.clock.after(ms, fn),
      };
      const traffic = new Traffic({ clock });
      const stop = new AbortController();
      const keeper = new TrafficKeeper({ clock, log: silentLog, traffic, store, session: () => 11 });
      const ended = keeper.run(stop.signal);
      const accepted = async (): Promise<number> =>
        (await store.since(null, 0, 11)).reduce((sum, minute) => sum + minute.accepted, 0);
      const written = async (expected: number): Promise<void> => {
        await expect
          .poll(async () => {
            await world.clock.advance(MINUTE_MS);
            return accepted();
          })
          .toBe(expected);
      };
      const begun = world.clock.now();
      traffic.count({ kind: 'accepted', tenantId, count: 3 });
      await written(3);
      // Into the minute that is written.
      setBack = world.clock.now() - begun;
      traffic.count({ kind: 'accepted', tenantId, count: 4 });
      await written(7);
      setBack = -60 * MINUTE_MS;
      traffic.count({ kind: 'accepted', tenantId, count: 5 });
      await written(12);
      setBack = 0;
      traffic.count({ kind: 'accepted', tenantId, count: 6 });
      await written(18);
      stop.abort();
      await ended;
      expect(await accepted()).toBe(18);
    });

    test('of ten thousand lanes and a lane with more than are counted cost no walk through the messages', async () => {
      await using world = await createWorld(open);
      await world.addTenant('many');
      await fill(world);
      const { database, tenantId, accountPk } = world;
      const lister = listerOf(world, database);
      const pages = await lister.pages({}, 1_000);
      expect(pages.map((page) => page.length)).toEqual([...Array.from({ length: 10 }, () => 1_000), 1]);
      expect(await lister.one(accountPk)).toMatchObject({
        ready: 10_000,
        state: 'waiting',
        waiting_for: { kind: 'turn' },
      });
      expect(await lister.pages({ state: 'sending' }, 10)).toHaveLength(6);
      const waiting = prepareWaitingFigures(database);
      expect(await waiting(null)).toMatchObject({
        byState: new Map([['ready', LANES + IN_ONE_LANE]]),
        byPriority: new Map([[2, LANES + IN_ONE_LANE]]),
        oldestDueAt: world.clock.now(),
      });
      expect(await waiting(tenantId)).toMatchObject({ byState: new Map([['ready', IN_ONE_LANE]]) });

      const statements: Statement[] = [];
      const noted = watched(database, statements);
      const messages = createMessageStore(noted);
      await prepareLaneFigures(noted).figures([accountPk]);
      await prepareLaneFigures(noted).inFlight();
      await createLaneAccountStore(noted).page(reachOfAll(), { candidates: 'busy' }, { limit: 10 });
      await prepareWaitingFigures(noted)(tenantId);
      // Where most of what there is waits, PostgreSQL is right to read all of it.
      if (database.dialect.name === 'sqlite') await prepareWaitingFigures(noted)(null);
      const created = { pkFrom: firstPkAt(0), pkBefore: firstPkAt(world.clock.now() - MINUTE_MS) };
      await messages.list(reachOf('many'), created, { order: 'newest first', after: null, limit: 10 });
      const sought = { domain: 'd7.example', subject: null };
      const paging = { after: null, limit: 20 };
      const { rows } = await searchMessages(messages, { reach: reachOf('many'), filter: {}, sought }, paging);
      expect(rows).toHaveLength(20);
      const plan = await plansOf(database, statements);
      expect(plan.filter((line) => WALKS.test(line))).toEqual([]);
      expect(plan.join('\n')).toMatch(/messages_parked[\s\S]*message_recipients_domain/);

      await expectOwnCursors(world, messages);

      // Nothing of them can be read: it is looked at so many, and the rest is for another call.
      const noSubject = { domain: null, subject: 'invoice' };
      const looked = await searchMessages(messages, { reach: reachOfAll(), filter: {}, sought: noSubject }, paging);
      expect(looked).toMatchObject({ rows: [], lookedAt: 5_000, unreadable: 5_000, next: expect.any(String) });
    }, 60_000);
  });
}
