// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import {
  aTransaction,
  brief,
  GENEROUS_TIMEOUTS,
  openTestSession,
  type PeerConnection,
  relayAt,
  type ServeOptions,
  serve,
  startPeer,
} from './scripted-peer.case.ts';
import type { SmtpRelay, SmtpSession, SmtpTransaction } from './session.types.ts';

/** A transaction and what became of it. */
interface Sent {
  readonly replies: readonly string[];
  readonly transcript: readonly string[];
  readonly wasBehind: boolean;
}

/** Send a transaction; `onFinalDot` may send the next. */
async function send(
  session: SmtpSession,
  {
    onFinalDot,
    mayMail = () => true,
    ...transaction
  }: Partial<SmtpTransaction> & {
    readonly onFinalDot?: () => void;
    readonly mayMail?: () => boolean;
  },
): Promise<Sent> {
  let transcript: readonly string[] = [];
  let wasBehind = false;
  const replies = await session.send(aTransaction(transaction), mayMail, {
    onFinalDot: () => {
      onFinalDot?.();
      return false;
    },
    onBehind: () => {
      wasBehind = true;
    },
    onTranscript: (lines) => {
      transcript = lines.map((line) => line.replace(/^\+\d+ms /, ''));
    },
  });
  return { replies: brief(replies), transcript, wasBehind };
}

interface Pair {
  readonly options?: ServeOptions;
  readonly script?: (peer: PeerConnection) => Promise<void>;
  readonly relay?: Partial<SmtpRelay>;
  readonly next?: Partial<SmtpTransaction> & { readonly mayMail?: () => boolean };
  /** What is done in the turn in which the second was sent. */
  readonly onSent?: (session: SmtpSession) => void;
}

/** Two transactions, the second sent when the first is at its final dot. */
async function sendPair({ options = {}, script, relay = {}, next = {}, onSent }: Pair) {
  await using peer = await startPeer(script ?? ((connection) => serve(connection, options)));
  using session = await openTestSession(relayAt(peer.port, relay));
  const second = Promise.withResolvers<Sent>();
  const first = await send(session, {
    to: ['first@rcpt.test'],
    onFinalDot() {
      second.resolve(send(session, { to: ['second@rcpt.test'], ...next }));
      onSent?.(session);
    },
  });
  const [connection] = peer.connections;
  return { first, second: await second.promise, session, usable: session.usable, connection: connection! };
}

/** Reads a whole message and the group behind it before it answers anything. */
async function readPair(peer: PeerConnection): Promise<void> {
  peer.say('220 relay.test ESMTP');
  await peer.line();
  peer.say('250-relay.test', '250 PIPELINING');
  for (let command = 0; command < 3; command++) await peer.line();
  peer.say('250 2.1.0 ok', '250 2.1.5 ok', '354 go ahead');
  await peer.body();
  for (let command = 0; command < 3; command++) await peer.line();
}

describe('the next message goes behind the final dot', () => {
  test('its commands are there before the reply to the first, and both are accepted', async () => {
    const { first, second, usable, session } = await sendPair({
      async script(peer) {
        await readPair(peer);
        peer.say('250 2.0.0 queued as first', '250 2.1.0 ok', '250 2.1.5 ok', '354 go ahead');
        await peer.body();
        peer.say('250 2.0.0 queued as second');
      },
    });
    expect([first.replies, second.replies]).toEqual([['accepted 250'], ['accepted 250']]);
    expect([first.wasBehind, second.wasBehind]).toEqual([false, true]);
    expect(usable).toBe(true);
    expect(session.transactions).toBe(2);
  });

  test('each has what was said of it, and nothing of the other', async () => {
    const { first, second } = await sendPair({});
    expect(first.transcript.slice(-4)).toEqual([
      'S: 250 2.1.5 ok',
      'S: 354 go ahead',
      'C: (26 bytes)',
      'S: 250 2.0.0 queued',
    ]);
    expect(second.transcript).toEqual([
      'C: MAIL FROM:<from@sender.test> SIZE=26',
      'C: RCPT TO:<second@rcpt.test>',
      'C: DATA',
      'S: 250 2.1.0 ok',
      'S: 250 2.1.5 ok',
      'S: 354 go ahead',
      'C: (26 bytes)',
      'S: 250 2.0.0 queued',
    ]);
  });

  test('a hundred in a row, whatever comes in one packet', async () => {
    await using peer = await startPeer((connection) => serve(connection));
    using session = await openTestSession(relayAt(peer.port));
    const sent: Promise<Sent>[] = [];
    const all = Promise.withResolvers<void>();
    const sendNext = (): void => {
      if (sent.length === 100) all.resolve();
      else sent.push(send(session, { to: [`r${sent.length}@rcpt.test`], onFinalDot: sendNext }));
    };
    sendNext();
    await all.promise;
    const ends = await Promise.all(sent);
    expect(ends.filter(({ replies }) => replies[0] !== 'accepted 250')).toEqual([]);
    expect(ends.filter(({ wasBehind }) => !wasBehind)).toHaveLength(1);
    const recipients = peer.connections[0]?.messages.map(({ to }) => to[0]);
    expect(recipients).toEqual(Array.from({ length: 100 }, (_, index) => `RCPT TO:<r${index}@rcpt.test>`));
    expect(session.transactions).toBe(100);
  });

  test('in lock-step nobody is told that there is room', async () => {
    await using peer = await startPeer((connection) => serve(connection, { extensions: ['8BITMIME'] }));
    using session = await openTestSession(relayAt(peer.port));
    let isTold = false;
    await send(session, {
      onFinalDot() {
        isTold = true;
        return false;
      },
    });
    expect(isTold).toBe(false);
  });

  test('what must not go in a group waits for the reply to the first', async () => {
    const { second, connection } = await sendPair({ next: { lockStep: true } });
    expect(second).toMatchObject({ replies: ['accepted 250'], wasBehind: false });
    expect(connection.messages).toHaveLength(2);
  });

  test('what the relay does not take is refused without being offered, after the first', async () => {
    const { first, second, connection } = await sendPair({
      options: { extensions: ['PIPELINING', 'SIZE 100'] },
      next: { body: Buffer.from(`Subject: large\r\n\r\n${'x'.repeat(200)}\r\n`) },
    });
    expect(first.replies).toEqual(['accepted 250']);
    expect(second).toMatchObject({ replies: ['refused 552 at mail'], wasBehind: false });
    expect(connection.messages).toHaveLength(1);
  });

  test('a third one is a bug of the caller', async () => {
    let third: Promise<unknown> = Promise.resolve();
    await sendPair({
      onSent: (session) => {
        third = expect(session.send(aTransaction())).rejects.toThrow('one transaction at a time');
      },
    });
    await third;
  });
});

describe('the end of a message waits for the commands behind it', () => {
  /** A relay that notes what comes at once. */
  async function startNoting() {
    const packets: string[] = [];
    const peer = await startPeer((connection) => {
      connection.socket.on('data', (text: string) => packets.push(text));
      return serve(connection);
    });
    return { peer, packets };
  }

  test.each([
    ['in the same call', (next: () => void) => next()],
    ['a few promises later', (next: () => void) => void soon().then(next)],
  ])('which are given %s, and goes in one packet with them', async (_, when) => {
    const { peer, packets } = await startNoting();
    await using _peer = peer;
    using session = await openTestSession(relayAt(peer.port));
    const sent: Promise<unknown>[] = [];
    const all = Promise.withResolvers<void>();
    const sendNext = (): void => {
      if (sent.length === 20) {
        all.resolve();
        return;
      }
      const onFinalDot = (): boolean => {
        when(sendNext);
        return true;
      };
      sent.push(session.send(aTransaction({ to: [`r${sent.length}@rcpt.test`] }), () => true, { onFinalDot }));
    };
    sendNext();
    await all.promise;
    await Promise.all(sent);
    const ends = packets.filter((packet) => packet.includes('\r\n.\r\n'));
    expect(ends).toHaveLength(20);
    expect(ends.filter((packet) => packet.endsWith('DATA\r\n'))).toHaveLength(19);
  });

  test('until the turn of the event loop ends, where none come', async () => {
    const { peer } = await startNoting();
    await using _peer = peer;
    using session = await openTestSession(relayAt(peer.port));
    const replies = await session.send(aTransaction(), () => true, { onFinalDot: () => true });
    expect(brief(replies)).toEqual(['accepted 250']);
  });

  test('and is never sent where the connection is cut meanwhile, though that is a doubt', async () => {
    const { peer } = await startNoting();
    await using _peer = peer;
    using session = await openTestSession(relayAt(peer.port));
    const replies = await session.send(aTransaction(), () => true, {
      onFinalDot() {
        session.destroy();
        return true;
      },
    });
    expect(brief(replies)).toEqual(['broken aborted at dot, doubt']);
    await peer.connections[0]?.gone();
    expect(peer.connections[0]?.messages).toEqual([]);
  });

  test('also that of a large message', async () => {
    const { peer } = await startNoting();
    await using _peer = peer;
    using session = await openTestSession(relayAt(peer.port));
    const body = Buffer.from(`Subject: x\r\n\r\n${'a line of text\r\n'.repeat(20_000)}`);
    let next: Promise<unknown> = Promise.resolve();
    const onFinalDot = (): boolean => {
      next = session.send(aTransaction());
      return true;
    };
    expect(brief(await session.send(aTransaction({ body }), () => true, { onFinalDot }))).toEqual(['accepted 250']);
    await next;
    expect(peer.connections[0]?.messages.map(({ raw }) => raw.length)).toEqual([body.length, 26]);
  });
});

/** As long as a caller takes that was told through promises. */
async function soon(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe('when the first ends badly', () => {
  test.each(['552 5.2.2 too large', '451 4.3.0 later'])('%s to the first leaves the second alone', async (answer) => {
    let dots = 0;
    const { first, second, connection } = await sendPair({
      options: { answers: { DOT: () => (dots++ === 0 ? answer : '250 2.0.0 queued') } },
    });
    expect(first.replies).toEqual([`refused ${answer.slice(0, 3)} at dot`]);
    expect(second.replies).toEqual(['accepted 250']);
    // What was written already needs no RSET.
    expect(connection.commands).not.toContain('RSET');
  });

  test('421 to the first: the second is not in doubt, and was not refused', async () => {
    const { first, second, usable } = await sendPair({
      options: { answers: { DOT: () => '421 4.3.2 closing' } },
    });
    expect(first.replies).toEqual(['refused 421 at dot']);
    expect(second.replies).toEqual(['broken closed at mail']);
    expect(usable).toBe(false);
  });

  test.each([
    ['closed', (peer: PeerConnection) => peer.close()],
    ['reset', (peer: PeerConnection) => peer.reset()],
  ] as const)('%s before the reply: the first is in doubt, the second is not', async (kind, cut) => {
    const { first, second } = await sendPair({
      async script(peer) {
        await readPair(peer);
        cut(peer);
      },
    });
    expect(first.replies).toEqual([`broken ${kind} at dot, doubt`]);
    expect(second.replies).toEqual(['broken closed at mail']);
    expect(second.transcript).toEqual([]);
  });

  test('silence after the dot: the second does not wait for a time of its own', async () => {
    const { first, second } = await sendPair({
      relay: { timeouts: { ...GENEROUS_TIMEOUTS, dotMs: 100 } },
      async script(peer) {
        await readPair(peer);
        await peer.gone();
      },
    });
    expect(first.replies).toEqual(['broken timeout at dot, doubt']);
    expect(second.replies).toEqual(['broken closed at mail']);
  });
});

describe('when the second ends badly', () => {
  test('a reply that refuses its recipient, in one packet with that to the first', async () => {
    const { first, second, usable } = await sendPair({
      async script(peer) {
        await readPair(peer);
        peer.say('250 2.0.0 queued', '250 2.1.0 ok', '550 5.1.1 no', '503 5.5.1 nobody');
        await peer.gone();
      },
    });
    expect(first.replies).toEqual(['accepted 250']);
    expect(second.replies).toEqual(['refused 550 at rcpt']);
    expect(second.transcript.at(-2)).toBe('S: 550 5.1.1 no');
    expect(first.transcript.at(-1)).toBe('S: 250 2.0.0 queued');
    expect(usable).toBe(true);
  });

  test('it is stopped before MAIL: nothing of it is written, and the session stays', async () => {
    const { first, second, usable, connection } = await sendPair({ next: { mayMail: () => false } });
    expect(first.replies).toEqual(['accepted 250']);
    expect(second.replies).toEqual(['broken aborted at mail']);
    expect(usable).toBe(true);
    expect(connection.commands.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
  });

  test('it is stopped while the first waits for its reply: its message is never sent', async () => {
    let asked = 0;
    const { first, second, usable, connection } = await sendPair({ next: { mayMail: () => asked++ === 0 } });
    expect(first.replies).toEqual(['accepted 250']);
    expect(second.replies).toEqual(['broken aborted at mail']);
    expect(asked).toBe(2);
    expect(usable).toBe(false);
    expect(connection.messages).toHaveLength(1);
  });

  test('a bug in the question is thrown at whoever asked, at either time', async () => {
    for (const bugAt of [1, 2]) {
      let asked = 0;
      let second: Promise<unknown> = Promise.resolve();
      await using peer = await startPeer((connection) => serve(connection));
      using session = await openTestSession(relayAt(peer.port));
      const mayMail = (): boolean => {
        asked += 1;
        if (asked === bugAt) throw new TypeError('bug');
        return true;
      };
      const first = await send(session, {
        onFinalDot() {
          second = expect(send(session, { mayMail })).rejects.toThrow('bug');
        },
      });
      await second;
      expect(first.replies).toEqual(['accepted 250']);
      expect(session.usable).toBe(bugAt === 1);
      expect(peer.connections[0]?.messages).toHaveLength(1);
    }
  });
});

test('it knows how long the relay took for its last reply to a message', async () => {
  await using peer = await startPeer((connection) => serve(connection));
  using session = await openTestSession(relayAt(peer.port));
  expect(session.lastDotMs).toBeNull();
  await send(session, {});
  expect(session.lastDotMs).toBeGreaterThanOrEqual(0);
});
