// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startScriptedPeer, startSmtpSink } from '@mail-proxy/testkit';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { addAccount, eventsUntil, historyUntil, mail, messageOf, openWorld, serveMail } from './engine-world.case.ts';

describe('a relay that does not answer the final dot', () => {
  const ends = [
    { policy: 'retry', first: 'deferred', state: 'final', result: 'sent', recipient: 'sent', bodies: 2 },
    { policy: 'hold', first: 'in_doubt', state: 'in_doubt', result: null, recipient: 'in_doubt', bodies: 1 },
    { policy: 'fail', first: 'error', state: 'final', result: 'failed', recipient: 'failed', bodies: 1 },
  ] as const;
  const faults = ['a cut', 'silence'] as const;
  const matrix = faults.flatMap((fault) => ends.map((end) => ({ fault, ...end })));

  test.each(matrix)('$fault under $policy: $first', async ({ fault, policy, first, bodies, ...end }) => {
    let taken = 0;
    await using relay = await startScriptedPeer((client, ordinal) =>
      serveMail(client, {
        async onMessage({ body }) {
          if (body.includes('Subject: after')) return '250 queued';
          taken += 1;
          if (ordinal > 1) return '250 queued';
          if (fault === 'silence') await client.hang();
          return null;
        },
      }),
    );
    await using world = await openWorld({ delivery: { dotMs: 200 } });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { on_in_doubt: policy })]);
    const [told] = await historyUntil(world, 'm1', first);
    expect(told).toMatchObject({ event: first, attempt: 1, possible_duplicate: true });
    if (policy === 'retry') await historyUntil(world, 'm1', 'sent');
    // The lane goes on, and what comes after is sent.
    await world.engine.submit([mail('after')]);
    await historyUntil(world, 'after', 'sent');
    expect(taken).toBe(bodies);
    const view = await messageOf(world, 'm1');
    expect(view).toMatchObject({ state: end.state, result: end.result });
    expect(view.recipients).toMatchObject([{ state: end.recipient }]);
  });

  test('under fail, others of the message go on: 451 for one is tried again, the doubtful one is not', async () => {
    const asked: string[] = [];
    await using relay = await startScriptedPeer((client, ordinal) =>
      serveMail(client, {
        onRcpt(address) {
          asked.push(address);
          return ordinal === 1 && address.startsWith('busy') ? '451 4.2.1 busy' : '250 ok';
        },
        onMessage: () => (ordinal === 1 ? null : '250 queued'),
      }),
    );
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { to: ['a@example.org', 'busy@example.org'], on_in_doubt: 'fail' })]);
    await historyUntil(world, 'm1', 'partially_sent');
    expect(asked).toEqual(['a@example.org', 'busy@example.org', 'busy@example.org']);
    const view = await messageOf(world, 'm1');
    expect(view.recipients.map(({ state }) => state)).toEqual(['failed', 'sent']);
  });
});

test('under hold and fail the hand-over is on disk before the relay sees MAIL, and gone with the outcome', async () => {
  const atMail: unknown[] = [];
  let look = async (): Promise<void> => {};
  await using relay = await startScriptedPeer((client) =>
    serveMail(client, {
      async onMail() {
        await look();
        return '250 ok';
      },
    }),
  );
  await using world = await openWorld();
  await addAccount(world, relay, { max_connections: 1 });
  await using onDisk = await openBeside(world.database);
  look = async () => void atMail.push(await onDisk.handed());
  await world.engine.submit([mail('m1', { on_in_doubt: 'hold' })]);
  await historyUntil(world, 'm1', 'sent');
  await world.engine.submit([mail('m2', { on_in_doubt: 'fail' })]);
  await historyUntil(world, 'm2', 'sent');
  expect(atMail).toEqual([['m1'], ['m2']]);
  expect(await onDisk.handed()).toEqual([]);
});

test('a wrong password uses up no attempt of the message, and it is sent when the password is right', async () => {
  const users = { someone: 'right' };
  await using sink = await startSmtpSink({ users });
  await using world = await openWorld();
  await addAccount(world, sink, { user: 'someone', password: 'wrong' });
  await world.engine.submit([mail('m1'), mail('m2')]);
  const [paused] = await eventsUntil(world, ({ event }) => event === 'account_paused');
  expect(paused).toMatchObject({ event: 'account_paused' });
  expect(await messageOf(world, 'm1')).toMatchObject({ result: null, attempts: 0, last_error: null });

  await world.engine.execute('accounts.update', { account_id: 'main', tenant_id: 'default', password: users.someone });
  for (const id of ['m1', 'm2']) {
    expect(await historyUntil(world, id, 'sent')).toMatchObject([{ event: 'sent', attempt: 1 }]);
  }
  expect(sink.messages).toHaveLength(2);
});

test('451 that asks for five minutes is not tried before', async () => {
  await using sink = await startSmtpSink({
    onRcpt: () => ({ code: 451, text: '4.7.1 greylisted, try again in 300 seconds' }),
  });
  await using world = await openWorld();
  const retry = { base_seconds: 1, max_delay_seconds: 600 };
  await addAccount(world, sink, { retry });
  const before = Date.now();
  await world.engine.submit([mail('m1')]);
  const [deferred] = await historyUntil(world, 'm1', 'deferred');
  const waitMs = (deferred?.next_attempt_ts ?? 0) * 1_000 - before;
  expect(waitMs).toBeGreaterThan(298_000);
  expect(waitMs).toBeLessThan(400_000);
});

test("the account's number of attempts ends a message that is put off again and again", async () => {
  await using sink = await startSmtpSink({ onRcpt: () => ({ code: 451, text: '4.3.0 not now' }) });
  await using world = await openWorld();
  await addAccount(world, sink, { retry: { max_attempts: 3 } });
  await world.engine.submit([mail('m1')]);
  const history = await historyUntil(world, 'm1', 'error');
  expect(history.map(({ event }) => event)).toEqual(['deferred', 'deferred', 'error']);
  const view = await messageOf(world, 'm1');
  expect(view).toMatchObject({ state: 'final', result: 'failed', attempts: 3 });
  expect(view.last_error).toBe('given up: rcpt: 451 4.3.0 not now');
});

test("a tenant's own rule decides what a reply means", async () => {
  await using sink = await startSmtpSink({ onRcpt: () => ({ code: 451, text: '4.7.1 never' }) });
  await using world = await openWorld();
  await addAccount(world, sink);
  const reply_rules = [{ codes: [451], stages: ['rcpt'], verdict: 'policy', permanence: 'permanent' }];
  await world.engine.execute('tenants.update', { tenant_id: 'default', reply_rules });
  await world.engine.submit([mail('m1')]);
  expect(await historyUntil(world, 'm1', 'error')).toMatchObject([{ event: 'error', attempt: 1 }]);
});

/** See what is committed, as another process would: the messages that are marked as handed over. */
async function openBeside(database: string): Promise<AsyncDisposable & { handed(): Promise<readonly unknown[]> }> {
  const select = 'select id from messages where handed_at is not null order by id';
  if (database.startsWith('postgres')) {
    const client = new pg.Client(database);
    await client.connect();
    return {
      handed: async () => (await client.query<{ id: string }>(select)).rows.map(({ id }) => id),
      [Symbol.asyncDispose]: () => client.end(),
    };
  }
  const file = new Sqlite(database, { readonly: true });
  const handed = file.prepare<[], { id: string }>(select);
  return {
    handed: async () => handed.all().map(({ id }) => id),
    [Symbol.asyncDispose]: async () => void file.close(),
  };
}
