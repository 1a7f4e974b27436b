// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, type ScriptedPeer, startScriptedPeer, tempDir } from '@mail-proxy/testkit';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { isMailProxyError } from '../../src/errors.ts';
import { racingClock } from './clocks.case.ts';
import {
  addAccount,
  type EngineWorld,
  eventsUntil,
  mail,
  messageOf,
  openWorld,
  serveMail,
} from './engine-world.case.ts';
import { sendingOf } from './fairness-world.case.ts';

const MINUTE_MS = 60_000;
/** A minute passes in a fifth of a second. */
const SPEED = 300;
/** What has to do with patience, not with limits, is out of the way. */
const PATIENT = {
  leaseMs: 36_000_000,
  idleMs: 36_000_000,
  maxAgeMs: 36_000_000,
  connectMs: 36_000_000,
  greetingMs: 36_000_000,
  commandMs: 36_000_000,
  dataMs: 36_000_000,
  blockMs: 36_000_000,
  dotMs: 36_000_000,
};

interface Arrival {
  readonly at: number;
  readonly recipients: number;
}

/** A relay that notes by the engine's clock when it has a message. */
async function startClockedRelay(
  clock: Clock,
  extensions: readonly string[] = [],
): Promise<ScriptedPeer & { readonly arrivals: readonly Arrival[] }> {
  const arrivals: Arrival[] = [];
  const peer = await startScriptedPeer((client) =>
    serveMail(client, {
      extensions: ['PIPELINING', ...extensions],
      onMessage({ to }) {
        arrivals.push({ at: clock.now(), recipients: to.length });
        return '250 queued';
      },
    }),
  );
  return Object.assign(peer, { arrivals });
}

/** The most that arrived in any minute. */
function mostInAMinute(arrivals: readonly Arrival[], count: (arrival: Arrival) => number = () => 1): number {
  return Math.max(
    ...arrivals.map(({ at: from }) =>
      arrivals
        .filter(({ at }) => at >= from && at < from + MINUTE_MS)
        .reduce((sum, arrival) => sum + count(arrival), 0),
    ),
  );
}

function mails(count: number, fields: Parameters<typeof mail>[1] = {}, prefix = 'm') {
  return Array.from({ length: count }, (_, index) => mail(`${prefix}${index}`, fields));
}

function allSent(world: Pick<EngineWorld, 'engine'>, count: number) {
  return eventsUntil(world, (_, all) => all.filter(({ event }) => event === 'sent').length === count);
}

describe('no minute sees more than the limit', () => {
  test('of messages: 17 with five a minute; each is sent by its first attempt, and nothing else is told', async () => {
    const clock = racingClock(SPEED);
    await using relay = await startClockedRelay(clock);
    await using world = await openWorld({ clock, delivery: PATIENT });
    await addAccount(world, relay, { limit_per_minute: 5 });
    await world.engine.submit(mails(17));
    const events = await allSent(world, 17);
    expect(relay.arrivals).toHaveLength(17);
    expect(mostInAMinute(relay.arrivals)).toBeLessThanOrEqual(5);
    expect(new Set(events.map(({ event, attempt }) => `${event} ${attempt}`))).toEqual(new Set(['sent 1']));
    expect(events).toHaveLength(17);
    // All but the first five waited, and for at least the rest of the first minute.
    const { body } = await world.engine.metricsText();
    expect(body).toMatch(/^gmp_limit_wait_seconds_count 12$/m);
    expect(body).toMatch(/^gmp_limit_wait_seconds_bucket\{le="15"\} 0$/m);
  });

  test('of recipients, where the account counts those', async () => {
    const clock = racingClock(SPEED);
    await using relay = await startClockedRelay(clock);
    await using world = await openWorld({ clock, delivery: PATIENT });
    await addAccount(world, relay, { limit_per_minute: 10, limit_unit: 'recipient' });
    const to = ['a@example.org', 'b@example.org', 'c@example.org', 'd@example.org'];
    await world.engine.submit([...mails(5, { to }), mail('single')]);
    await allSent(world, 6);
    expect(mostInAMinute(relay.arrivals, ({ recipients }) => recipients)).toBeLessThanOrEqual(10);
  });

  test('of a tenant, over all its accounts together', async () => {
    const clock = racingClock(SPEED);
    await using relay = await startClockedRelay(clock);
    await using world = await openWorld({ clock, delivery: PATIENT });
    await world.engine.execute('tenants.update', { tenant_id: 'default', limit_per_minute: 4 });
    for (const id of ['one', 'two', 'three']) await addAccount(world, relay, { id });
    await world.engine.submit(['one', 'two', 'three'].flatMap((id) => mails(3, { account_id: id }, `${id} `)));
    await allSent(world, 9);
    expect(mostInAMinute(relay.arrivals)).toBeLessThanOrEqual(4);
  });

  test('when the engine is restarted in between', async () => {
    using dir = tempDir();
    const database = dir.file('mail.db');
    const clock = racingClock(SPEED);
    await using relay = await startClockedRelay(clock);
    {
      await using world = await openWorld({ clock, database, delivery: PATIENT });
      await addAccount(world, relay, { limit_per_minute: 5 });
      await world.engine.submit(mails(3));
      await allSent(world, 3);
      await world.engine.submit(mails(9, {}, 'n'));
    }
    await using world = await openWorld({ clock, database, delivery: PATIENT });
    await allSent(world, 12);
    expect(mostInAMinute(relay.arrivals)).toBeLessThanOrEqual(5);
    expect(relay.arrivals).toHaveLength(12);
  });

  test('when the relay refuses what it was sent: that counts too', async () => {
    const clock = racingClock(SPEED);
    const arrivals: Arrival[] = [];
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, {
        onMessage({ to }) {
          arrivals.push({ at: clock.now(), recipients: to.length });
          return arrivals.length % 2 === 1 ? '451 4.3.0 not now' : '250 queued';
        },
      }),
    );
    await using world = await openWorld({ clock, delivery: PATIENT, retry: { baseMs: 100, maxDelayMs: 100 } });
    await addAccount(world, relay, { limit_per_minute: 3 });
    await world.engine.submit(mails(4));
    await allSent(world, 4);
    expect(arrivals.length).toBeGreaterThan(4);
    expect(mostInAMinute(arrivals)).toBeLessThanOrEqual(3);
  });
});

test('what waits for a limit is not written: each message is claimed once and settled once, over all windows', async () => {
  using dir = tempDir();
  const database = dir.file('mail.db');
  const clock = racingClock(SPEED);
  await using relay = await startClockedRelay(clock);
  {
    await using world = await openWorld({ clock, database, start: false });
    await addAccount(world, relay, { limit_per_minute: 2 });
    await world.engine.submit(mails(7));
  }
  countStateWrites(database);
  {
    await using world = await openWorld({ clock, database, delivery: PATIENT });
    await allSent(world, 7);
  }
  expect(stateWritesOf(database)).toEqual(Array.from({ length: 7 }, (_, index) => ({ id: `m${index}`, writes: 2 })));
});

test('while the limit is reached the next message waits in its place, and says for what', async () => {
  await using relay = await startClockedRelay(systemClock);
  await using world = await openWorld();
  await addAccount(world, relay, { limit_per_minute: 5 });
  await world.engine.submit(mails(8));
  const events = await allSent(world, 5);
  const now = Date.now();
  expect(events.map(({ id }) => id).toSorted()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  for (const [position, id] of ['m5', 'm6', 'm7'].entries()) {
    const view = await messageOf(world, id);
    expect(view).toMatchObject({
      state: 'ready',
      attempts: 0,
      updated_at: view.created_at,
      history: [],
      waiting_for: [
        { kind: 'rate_limit', scope: 'account', detail: 'the limit of 5 in 60 seconds is reached' },
        { kind: 'turn', position },
      ],
    });
    const until = Date.parse(view.waiting_for[0]?.until ?? '');
    expect(until).toBeGreaterThan(now);
    expect(until - now).toBeLessThanOrEqual(MINUTE_MS + 250);
  }
  // A higher limit lets them go at once.
  await world.engine.execute('accounts.update', { account_id: 'main', tenant_id: 'default', limit_per_minute: 100 });
  await allSent(world, 8);
});

test('a message counts for each of its transactions: a limit is exceeded by what is in flight when it is reached', async () => {
  await using relay = await startClockedRelay(systemClock, ['LIMITS RCPTMAX=1']);
  await using world = await openWorld();
  // Six in hand at most, three that run and as many ready besides.
  await addAccount(world, relay, { limit_per_minute: 12, max_connections: 1 });
  const to = ['a@example.org', 'b@example.org', 'c@example.org'];
  await world.engine.submit(mails(20, { to }));
  const isClosed = async (): Promise<boolean> => {
    const { waiting_for } = await messageOf(world, 'm19');
    return (await sendingOf(world)) === 0 && waiting_for[0]?.kind === 'rate_limit';
  };
  await eventually(async () => relay.arrivals.length >= 12 && (await isClosed()));
  expect(relay.arrivals.length).toBeLessThanOrEqual(12 + 6 * (to.length - 1));
});

test('an account that rejects fails what is over its limit, and sends what is not', async () => {
  await using relay = await startClockedRelay(systemClock);
  await using world = await openWorld();
  await addAccount(world, relay, { limit_per_minute: 5, limit_behavior: 'reject' });
  await world.engine.submit(mails(12));
  const events = await eventsUntil(world, (_, all) => all.length === 12);
  const ids = (type: string) => events.filter(({ event }) => event === type).map(({ id }) => id);
  expect(ids('sent').toSorted()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  expect(ids('error')).toHaveLength(7);
  expect(relay.arrivals).toHaveLength(5);
  expect(await messageOf(world, 'm11')).toMatchObject({
    state: 'final',
    result: 'failed',
    last_error: expect.stringContaining('rate limit'),
    recipients: [{ state: 'failed', verdict: 'account' }],
    waiting_for: [],
  });
  // What comes later is rejected at once as well.
  await world.engine.submit([mail('late')]);
  await eventsUntil(world, ({ id, event }) => id === 'late' && event === 'error');
});

test('an account that rejects fails nothing while nothing was sent: what is in flight may fail yet', async () => {
  const gone = await startScriptedPeer(async () => {});
  await gone.close(); // nobody listens there now
  await using relay = await startClockedRelay(systemClock);
  await using world = await openWorld();
  await addAccount(world, gone, { limit_per_minute: 5, limit_behavior: 'reject' });
  await world.engine.submit(mails(12));
  const failedOnce = await eventsUntil(world, (_, all) => new Set(all.map(({ id }) => id)).size === 12);
  expect(new Set(failedOnce.map(({ event }) => event))).toEqual(new Set(['deferred']));

  await world.engine.execute('accounts.update', { account_id: 'main', tenant_id: 'default', port: relay.port });
  const isEnd = ({ event }: { readonly event: string }): boolean => event !== 'deferred';
  const events = await eventsUntil(world, (_, all) => all.filter(isEnd).length === 12);
  const ends = events.filter(isEnd).map(({ event }) => event);
  expect(ends.toSorted()).toEqual([...Array(7).fill('error'), ...Array(5).fill('sent')]);
  expect(relay.arrivals).toHaveLength(5);
});

describe('a tenant that refuses over its limit', () => {
  test('is answered rate_limited with the time to wait, one by one and in a batch, and nothing is stored', async () => {
    await using relay = await startClockedRelay(systemClock);
    await using world = await openWorld();
    await world.engine.execute('tenants.update', { tenant_id: 'default', refuse_over_limit: true });
    await addAccount(world, relay, { limit_per_minute: 2 });
    await addAccount(world, relay, { id: 'free' });
    await world.engine.submit(mails(2, { account_id: 'main' }));
    await allSent(world, 2);

    const error: unknown = await world.engine
      .execute('messages.create', mail('m2', { account_id: 'main' }))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'rate_limited',
      extra: { limit: 2, scope: 'account', window_seconds: 60 },
    });
    const retryAfterMs = isMailProxyError(error) ? error.retryAfterMs : undefined;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(MINUTE_MS + 250);
    await expect(messageOf(world, 'm2')).rejects.toMatchObject({ code: 'not_found' });

    const batch = await world.engine.submit([mail('m2', { account_id: 'main' }), mail('m3', { account_id: 'free' })]);
    expect(batch).toMatchObject({
      accepted: 1,
      rejected: 1,
      results: [
        { id: 'm2', status: 'rejected', code: 'rate_limited' },
        { id: 'm3', status: 'accepted' },
      ],
    });
    expect(batch.results[0]?.retry_after).toBeGreaterThan(0);
    expect(batch.results[0]?.retry_after).toBeLessThanOrEqual(61);
    expect(batch.results[1]).not.toHaveProperty('retry_after');
    await allSent(world, 3);
  });

  test('is refused for its own limit on every account', async () => {
    await using relay = await startClockedRelay(systemClock);
    await using world = await openWorld();
    await world.engine.execute('tenants.update', {
      tenant_id: 'default',
      refuse_over_limit: true,
      limit_per_hour: 1,
    });
    await addAccount(world, relay, { id: 'one' });
    await addAccount(world, relay, { id: 'two' });
    await world.engine.submit([mail('m1', { account_id: 'one' })]);
    await allSent(world, 1);
    await expect(world.engine.execute('messages.create', mail('m2', { account_id: 'two' }))).rejects.toMatchObject({
      code: 'rate_limited',
      extra: { limit: 1, scope: 'tenant', window_seconds: 3_600 },
    });
  });
});

/** Note every write of a message's state from now on; nobody may have the file open. */
function countStateWrites(file: string): void {
  const database = new Sqlite(file);
  database.exec(`
    create table state_writes (pk text not null);
    create trigger note_state_write after update of state on messages
      begin insert into state_writes values (new.pk); end;
  `);
  database.close();
}

function stateWritesOf(file: string): readonly { readonly id: string; readonly writes: number }[] {
  const database = new Sqlite(file, { readonly: true });
  const rows = database
    .prepare<[], { id: string; writes: number }>(
      'select id, count(*) as writes from state_writes join messages using (pk) group by id order by id',
    )
    .all();
  database.close();
  return rows;
}
