// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReportEvent } from '@mail-proxy/core';
import {
  type ReceivedReport,
  type ReportRequest,
  startReportReceiver,
  startScriptedPeer,
  startSmtpSink,
} from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, eventsUntil, mail, openWorld, serveMail } from './engine-world.case.ts';

/** A relay that knows nobody whose name begins with `unknown`. */
const startRelay = () =>
  startSmtpSink({
    onRcpt: (address) => (address.startsWith('unknown') ? { code: 550, text: '5.1.1 no such user' } : null),
  });

/** The first occurrence of each event. */
function distinct<T extends { readonly event_id?: unknown }>(reports: readonly T[]): T[] {
  return [...new Map(reports.toReversed().map((report) => [report.event_id, report])).values()].toReversed();
}

test('reports are pushed to the tenant in order, each with its ids', async () => {
  await using relay = await startRelay();
  await using receiver = await startReportReceiver();
  await using world = await openWorld();
  await world.engine.execute('tenants.update', {
    tenant_id: 'default',
    client_base_url: receiver.url,
    client_sync_path: '/sync',
    client_auth: { method: 'bearer', token: 'the-token-of-the-client' },
  });
  await addAccount(world, relay);
  await world.engine.submit([
    mail('good', { batch_code: 'july' }),
    mail('partly', { to: ['one@example.org', 'unknown@example.org'] }),
    mail('bad', { to: 'unknown@example.org' }),
  ]);
  await receiver.waitForReports(3);
  expect(receiver.requests[0]).toMatchObject({ method: 'POST', path: '/sync' });
  expect(receiver.requests[0]?.headers.authorization).toBe('Bearer the-token-of-the-client');
  const seqs = receiver.reports.map(({ seq }) => Number(seq));
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(receiver.reports.map(({ event_id }) => event_id)).size).toBe(3);
  const byId = Object.fromEntries(receiver.reports.map((report) => [String(report['id']), report]));
  expect(byId).toMatchObject({
    good: { event: 'sent', sent_ts: expect.any(Number), batch_code: 'july', account_id: 'main', attempt: 1 },
    partly: { event: 'partially_sent', sent_ts: expect.any(Number) },
    bad: { event: 'error', error_ts: expect.any(Number), error: expect.stringContaining('550') },
  });
  expect(byId['partly']).toMatchObject({
    recipients: [
      { address: 'one@example.org', state: 'sent' },
      { address: 'unknown@example.org', state: 'failed', code: 550, reply: expect.stringContaining('no such user') },
    ],
  });
});

test('the pause of an account and its end are pushed as all reports are, in order and with no message', async () => {
  let logins = 0;
  await using relay = await startScriptedPeer((client) =>
    serveMail(client, {
      extensions: ['AUTH PLAIN'],
      onAuth() {
        logins += 1;
        return logins === 1 ? '535 5.7.8 wrong password' : '235 2.7.0 ok';
      },
    }),
  );
  await using receiver = await startReportReceiver();
  await using world = await openWorld();
  await world.engine.execute('tenants.update', {
    tenant_id: 'default',
    client_base_url: receiver.url,
    client_sync_path: '/sync',
    client_auth: { method: 'bearer', token: 'the-token-of-the-client' },
  });
  await addAccount(world, relay, { user: 'someone', password: 'hunter2-secret' });
  await world.engine.submit([mail('m1')]);
  await eventsUntil(world, ({ event }) => event === 'sent');
  await world.engine.execute('instance.run-now', {});
  await receiver.waitForReports(({ event }) => event === 'sent');
  await receiver.waitForReports(({ event }) => event === 'account_resumed');
  const told = distinct(receiver.reports).filter(({ id }) => id === null);
  expect(told).toMatchObject([
    {
      event: 'account_paused',
      account_id: 'main',
      pk: null,
      tenant_id: 'default',
      reason: 'auth: 535 5.7.8 wrong password',
      until_ts: expect.any(Number),
    },
    { event: 'account_resumed', account_id: 'main', pk: null, recipients: [] },
  ]);
  for (const { method, path, headers, rawBody } of receiver.requests) {
    expect([method, path, headers.authorization]).toEqual(['POST', '/sync', 'Bearer the-token-of-the-client']);
    expect(rawBody.toString()).not.toContain('hunter2-secret');
  }
});

test('500 from the endpoint: the same events come again with the same event_id, and none is lost', async () => {
  await using relay = await startRelay();
  let failed: ReportRequest | undefined;
  const taken: ReceivedReport[] = [];
  const complete = Promise.withResolvers<void>();
  await using receiver = await startReportReceiver({
    answer(_, __, request) {
      // A tenant may be called without news first.
      if (failed === undefined && request.reports.length > 0) {
        failed = request;
        return { status: 500 };
      }
      taken.push(...request.reports);
      if (distinct(taken).length === 3) complete.resolve();
      return {};
    },
  });
  await using world = await openWorld();
  await world.engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
  await addAccount(world, relay);
  await world.engine.submit([mail('m1'), mail('m2'), mail('m3')]);
  await eventsUntil(world, (_, all) => all.length === 3);
  await receiver.waitForReports(1);
  await world.engine.execute('instance.run-now', {});
  await complete.promise;
  expect(taken.slice(0, failed?.reports.length)).toEqual(failed?.reports);
  expect(taken.map(({ id }) => id).toSorted()).toEqual(['m1', 'm2', 'm3']);
});

test('a sink that throws is given the same events again', async () => {
  await using relay = await startRelay();
  const batches: (readonly ReportEvent[])[] = [];
  const complete = Promise.withResolvers<void>();
  await using world = await openWorld({
    async reportSink(batch) {
      if (batch.length === 0) return; // called without news
      batches.push(batch);
      if (batches.length === 1) throw new Error('the sink is not ready');
      if (distinct(batches.slice(1).flat()).length === 3) complete.resolve();
    },
  });
  await addAccount(world, relay);
  await world.engine.submit([mail('m1'), mail('m2'), mail('m3')]);
  await eventsUntil(world, (_, all) => all.length === 3);
  await world.engine.execute('instance.run-now', {});
  await complete.promise;
  const taken = batches.slice(1).flat();
  const [first = []] = batches;
  expect(taken.slice(0, first.length).map(({ event_id }) => event_id)).toEqual(first.map(({ event_id }) => event_id));
  expect(taken.map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

test('events() gives all events in the order of their numbers and waits for new ones', async () => {
  await using relay = await startRelay();
  await using world = await openWorld();
  await addAccount(world, relay);
  await world.engine.submit(Array.from({ length: 20 }, (_, index) => mail(`early ${index}`)));
  const seen: ReportEvent[] = [];
  for await (const event of world.engine.events({ signal: AbortSignal.timeout(40_000) })) {
    seen.push(event);
    // A reader that has caught up is told of what comes later.
    if (seen.length === 20) await world.engine.submit(Array.from({ length: 5 }, (_, index) => mail(`late ${index}`)));
    if (seen.length === 25) break;
  }
  expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  expect(new Set(seen.slice(20).map(({ id }) => id?.split(' ')[0]))).toEqual(new Set(['late']));

  const rest: number[] = [];
  for await (const { seq } of world.engine.events({ after: 22 })) {
    rest.push(seq);
    if (seq === 25) break;
  }
  expect(rest).toEqual([23, 24, 25]);
});

test('readers of events() end when the engine stops and when their signal aborts', async () => {
  await using world = await openWorld();
  const leaving = new AbortController();
  const read = async (signal?: AbortSignal): Promise<number> => {
    let count = 0;
    for await (const _ of world.engine.events(signal === undefined ? {} : { signal })) count += 1;
    return count;
  };
  const readers = [read(), read(leaving.signal)] as const;
  leaving.abort();
  expect(await readers[1]).toBe(0);
  await world.engine.stop();
  expect(await readers[0]).toBe(0);
});
