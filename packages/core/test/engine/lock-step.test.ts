// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { type Answers, type PeerConnection, serve, startPeer } from '../../src/smtp/scripted-peer.case.ts';
import { addAccount, eventsUntil, historyUntil, mail, messageOf, openWorld } from './engine-world.case.ts';

/** A relay that announces PIPELINING, and `spoil`s what came in one group with MAIL. */
async function startClumsyRelay(spoil: Answers) {
  /** Of each transaction, whether more than MAIL was there when MAIL was read. */
  const groups: boolean[] = [];
  const spoiling = new WeakSet<PeerConnection>();
  const usual: Readonly<Record<string, string>> = { RCPT: '250 2.1.5 ok', DATA: '354 go ahead' };
  const answer = (verb: string) => (line: string, peer: PeerConnection) =>
    (spoiling.has(peer) ? spoil[verb]?.(line, peer) : undefined) ?? usual[verb] ?? '500';
  const relay = await startPeer((connection) =>
    serve(connection, {
      extensions: ['PIPELINING', '8BITMIME'],
      answers: {
        MAIL(_, peer) {
          groups.push(peer.hasUnread);
          if (peer.hasUnread) spoiling.add(peer);
          else spoiling.delete(peer);
          return '250 2.1.0 ok';
        },
        RCPT: answer('RCPT'),
        DATA: answer('DATA'),
      },
    }),
  );
  return {
    port: relay.port,
    groups,
    get taken(): readonly (readonly string[])[] {
      return relay.connections.flatMap(({ messages }) => messages.map(({ to }) => to));
    },
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

const TWO = ['one@example.org', 'two@example.org'];
const RCPT_TWO = TWO.map((address) => `RCPT TO:<${address}>`);

test('503 in a group and a close: the message goes at once in lock-step, uncounted, and so does what comes later', async () => {
  await using relay = await startClumsyRelay({
    RCPT(_, peer) {
      peer.say('503 5.5.1 one at a time');
      return 'close';
    },
  });
  await using world = await openWorld();
  await addAccount(world, relay, { is_default: true });
  await addAccount(world, relay, { id: 'other' });
  await world.engine.submit([mail('m1', { to: TWO })]);
  expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([{ event: 'sent', attempt: 1 }]);
  expect(await messageOf(world, 'm1')).toMatchObject({
    recipients: [
      { state: 'sent', attempts: 1 },
      { state: 'sent', attempts: 1 },
    ],
  });
  expect(relay.groups).toEqual([true, false]);

  // The relay is the same for another account.
  await world.engine.submit([mail('m2', { to: TWO }), mail('m3', { to: TWO, account_id: 'other' })]);
  await eventsUntil(world, (_, all) => all.filter(({ event }) => event === 'sent').length === 3);
  expect(relay.groups).toEqual([true, false, false, false]);
  expect(relay.taken).toEqual([RCPT_TWO, RCPT_TWO, RCPT_TWO]);
  expect(world.logged.filter((line) => line.includes('one command at a time'))).toHaveLength(1);
});

test('503 for one of two in a group that is taken for the other: nobody gets it twice', async () => {
  await using relay = await startClumsyRelay({
    RCPT: (line) => (line.includes('one@') ? '250 2.1.5 ok' : '503 5.5.1 one at a time'),
  });
  await using world = await openWorld();
  await addAccount(world, relay);
  await world.engine.submit([mail('m1', { to: TWO })]);
  expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([{ event: 'sent', attempt: 1 }]);
  expect(relay.taken).toEqual(RCPT_TWO.map((line) => [line]));
});
