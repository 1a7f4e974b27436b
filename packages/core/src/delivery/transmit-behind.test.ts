// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLog } from '../observability/log.ts';
import { LockStepRelays } from '../smtp/lock-step-relays.ts';
import { createSmtpPool } from '../smtp/pool.ts';
import {
  type Answers,
  GENEROUS_TIMEOUTS,
  type PeerConnection,
  relayAt,
  serve,
  startPeer,
} from '../smtp/scripted-peer.case.ts';
import { type Transmitted, transmit } from './transmit.ts';

/** Of a relay that does not answer at all, in these tests. */
const SILENCE_MS = 300;

/** A relay with one connection at a time, over which a first message went, so that the next ones may go behind each other. */
async function startWorld(answers: Answers) {
  const peer = await startPeer((connection) => serve(connection, { answers }));
  const pool = createSmtpPool({ clock: systemClock });
  const lockStepRelays = new LockStepRelays({ clock: systemClock, log: silentLog });
  const relay = relayAt(peer.port, { timeouts: { ...GENEROUS_TIMEOUTS, commandMs: SILENCE_MS } });
  const send = async (name: string): Promise<Transmitted> => {
    const wire = { from: 'from@sender.test', body: Buffer.from('Subject: x\r\n\r\nx\r\n'), needsSmtpUtf8: false };
    const transmitted = await transmit(wire, [{ position: 0, address: `${name}@rcpt.test`, attempts: 0 }], {
      pool,
      request: {
        key: 'key',
        relay,
        limits: { maxConnections: 1, maxTransactionsPerConnection: 1_000, maxAgeMs: 3_600_000, idleMs: 60_000 },
      },
      judgement: { rules: [], onInDoubt: 'retry' },
      lockStepRelays,
      mayMail: () => true,
      handOver: async () => {},
      onStage: () => {},
      signal: new AbortController().signal,
    });
    if (transmitted === null) throw new Error('nobody stopped it');
    return transmitted;
  };
  await send('zero');
  return {
    async sendPair() {
      const [first, second] = await Promise.all([send('first'), send('second')]);
      return { states: [first, second].map(({ outcomes }) => outcomes[0]?.state), first, second };
    },
    get isLockStep(): boolean {
      return lockStepRelays.has(relay);
    },
    /** Who got a message, in the order in which the relay had them. */
    get taken(): readonly string[] {
      const messages = peer.connections.flatMap((connection) => connection.messages);
      return messages.map(({ to }) => /<(\w+)@/.exec(to.join())?.[1] ?? '');
    },
    get connections(): number {
      return peer.connections.length;
    },
    async [Symbol.asyncDispose]() {
      await pool.close({ graceMs: 0 });
      await peer[Symbol.asyncDispose]();
    },
  };
}

const MET = ['zero', 'first', 'second'];

/** Marks connections where something came behind a message, before its reply. */
function whereBehind() {
  const marked = new WeakSet<PeerConnection>();
  let count = 0;
  return {
    mark(peer: PeerConnection): void {
      if (!peer.hasUnread) return;
      marked.add(peer);
      count += 1;
    },
    has: (peer: PeerConnection): boolean => marked.has(peer),
    get count(): number {
      return count;
    },
  };
}

test('two messages go over one connection, one behind the other', async () => {
  const behind = whereBehind();
  await using world = await startWorld({
    DOT(_, peer) {
      behind.mark(peer);
      return '250 2.0.0 queued';
    },
  });
  const { states } = await world.sendPair();
  expect(states).toEqual(['sent', 'sent']);
  expect(world.taken).toEqual(MET);
  expect(behind.count).toBe(1);
  expect(world).toMatchObject({ isLockStep: false, connections: 1 });
});

test('a relay that throws away what came behind a message gets it again, and one command at a time from then on', async () => {
  const behind = whereBehind();
  const unlessLost = (reply: string) => (_: string, peer: PeerConnection) => (behind.has(peer) ? '' : reply);
  await using world = await startWorld({
    MAIL: unlessLost('250 2.1.0 ok'),
    RCPT: unlessLost('250 2.1.5 ok'),
    DATA: unlessLost('354 go ahead'),
    DOT(_, peer) {
      behind.mark(peer);
      return '250 2.0.0 queued';
    },
  });
  const { states } = await world.sendPair();
  expect(states).toEqual(['sent', 'sent']);
  expect(world.taken).toEqual(MET);
  expect(world.isLockStep).toBe(true);
});

test('503 to what came behind a message is no judgement of it: it goes at once, one command at a time', async () => {
  const behind = whereBehind();
  let isFirst = true;
  const unlessEarly = (reply: string) => (_: string, peer: PeerConnection) =>
    behind.has(peer) && isFirst ? '503 5.5.1 not yet' : reply;
  await using world = await startWorld({
    MAIL: unlessEarly('250 2.1.0 ok'),
    RCPT: unlessEarly('250 2.1.5 ok'),
    DATA(line, peer) {
      const reply = unlessEarly('354 go ahead')(line, peer);
      if (reply.startsWith('503')) isFirst = false;
      return reply;
    },
    DOT(_, peer) {
      behind.mark(peer);
      return '250 2.0.0 queued';
    },
  });
  const { states, second } = await world.sendPair();
  expect(states).toEqual(['sent', 'sent']);
  expect(second.sent).toEqual({ messages: 1, recipients: 1 });
  expect(world.taken).toEqual(MET);
  expect(world.isLockStep).toBe(true);
});

test('a connection cut before the reply leaves the first in doubt; the second goes over another one and counts once', async () => {
  const behind = whereBehind();
  await using world = await startWorld({
    DOT(_, peer) {
      behind.mark(peer);
      return behind.has(peer) ? 'close' : '250 2.0.0 queued';
    },
  });
  const { first, second } = await world.sendPair();
  expect(first.outcomes).toMatchObject([{ state: 'pending', stage: 'dot' }]);
  expect(second.outcomes).toMatchObject([{ state: 'sent' }]);
  expect(second.sent).toEqual({ messages: 1, recipients: 1 });
  expect(world.taken).toEqual(MET);
  expect(world).toMatchObject({ isLockStep: false, connections: 2 });
});
