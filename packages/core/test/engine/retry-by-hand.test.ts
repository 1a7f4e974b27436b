// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startScriptedPeer, startSmtpSink } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { control, inMs } from './control-world.case.ts';
import { addAccount, eventsUntil, historyUntil, mail, messageOf, openWorld, serveMail } from './engine-world.case.ts';

const HOUR_MS = 3_600_000;

describe('retry by hand', () => {
  test('of a partially sent message goes to the recipients that failed, and to no other', async () => {
    const asked: string[] = [];
    await using sink = await startSmtpSink({
      onRcpt(address, attempt) {
        asked.push(address);
        return address.startsWith('new') && attempt === 1 ? { code: 550, text: '5.2.1 not yet' } : null;
      },
    });
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { to: ['good@example.org', 'new@example.org'] })]);
    await historyUntil(world, 'm1', 'partially_sent');
    await control(world, 'retry', 'm1');
    const history = await historyUntil(world, 'm1', 'sent');
    expect(history.map(({ event }) => event)).toEqual(['partially_sent', 'retried', 'sent']);
    expect(asked).toEqual(['good@example.org', 'new@example.org', 'new@example.org']);
    expect(sink.messages.map(({ to }) => to)).toEqual([['good@example.org'], ['new@example.org']]);
    expect(new Set(sink.messages.map(({ messageId }) => messageId)).size).toBe(1);
    await expect(control(world, 'retry', 'm1')).rejects.toMatchObject({ code: 'conflict', extra: { result: 'sent' } });
  });

  test('of a message that waits for its next attempt makes that attempt now', async () => {
    let attempts = 0;
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, {
        onMessage() {
          attempts += 1;
          return attempts === 1 ? '451 4.3.0 try again in 3600 seconds' : '250 queued';
        },
      }),
    );
    await using world = await openWorld({ retry: { maxDelayMs: HOUR_MS } });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'deferred');
    await control(world, 'retry', 'm1');
    const history = await historyUntil(world, 'm1', 'sent');
    expect(history.map(({ event, attempt }) => [event, attempt])).toEqual([
      ['deferred', 1],
      ['retried', 0],
      ['sent', 2],
    ]);
  });

  test('of a message that used up its attempts begins them anew, and its history goes on', async () => {
    let answers = 0;
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, {
        onMessage() {
          answers += 1;
          return answers <= 4 ? '451 4.3.0 not now' : '250 queued';
        },
      }),
    );
    await using world = await openWorld({ retry: { delaysMs: [1, 1], maxAttempts: 3 } });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'error');
    await control(world, 'retry', 'm1');
    const history = await historyUntil(world, 'm1', 'sent');
    expect(history.map(({ event, attempt }) => [event, attempt])).toEqual([
      ['deferred', 1],
      ['deferred', 2],
      ['error', 3],
      ['retried', 0],
      ['deferred', 4],
      ['sent', 5],
    ]);
    expect(await messageOf(world, 'm1')).toMatchObject({ attempts: 5, recipients: [{ attempts: 2 }] });
  });

  test('of a message that waits for its last attempt gives it more of them', async () => {
    let answers = 0;
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, {
        onMessage() {
          answers += 1;
          return answers <= 2 ? '451 4.3.0 try again in 3600 seconds' : '250 queued';
        },
      }),
    );
    await using world = await openWorld({ retry: { maxAttempts: 2, maxDelayMs: HOUR_MS } });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'deferred');
    for (let hands = 1; hands <= 2; hands++) {
      await control(world, 'retry', 'm1');
      await eventsUntil(world, ({ attempt }) => attempt === hands + 1);
    }
    expect(await messageOf(world, 'm1')).toMatchObject({ result: 'sent', attempts: 3 });
  });

  test('of an expired message gives it a new maximum age', async () => {
    let isUp = false;
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, { onMessage: () => (isUp ? '250 queued' : '451 4.3.0 not now') }),
    );
    await using world = await openWorld({ retry: { delaysMs: [60_000], maxAgeMs: HOUR_MS } });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { expires_at: inMs(10_000) })]);
    await historyUntil(world, 'm1', 'expired');
    const before = Date.now();
    await control(world, 'retry', 'm1');
    await historyUntil(world, 'm1', 'deferred');
    const waiting = await messageOf(world, 'm1');
    expect(waiting).toMatchObject({ state: 'deferred', result: null, recipients: [{ state: 'pending' }] });
    expect(Date.parse(waiting.expires_at ?? '')).toBeGreaterThanOrEqual(before + HOUR_MS);
    isUp = true;
    await control(world, 'retry', 'm1');
    await historyUntil(world, 'm1', 'sent');
  });

  test('of a cancelled message is a conflict', async () => {
    await using world = await openWorld();
    await addAccount(world, { port: 9 });
    await world.engine.submit([mail('m1', { send_at: inMs(HOUR_MS) })]);
    await control(world, 'cancel', 'm1');
    await expect(control(world, 'retry', 'm1')).rejects.toMatchObject({
      code: 'conflict',
      extra: { state: 'final', result: 'cancelled' },
    });
  });
});
