// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLog } from '../observability/log.ts';
import { bytesOf, failAt, TestSource } from '../smtp/byte-source.case.ts';
import { LockStepRelays } from '../smtp/lock-step-relays.ts';
import { joinParts } from '../smtp/message-body.ts';
import { createSmtpPool } from '../smtp/pool.ts';
import {
  type Answers,
  GENEROUS_TIMEOUTS,
  relayAt,
  type ServeOptions,
  serve,
  startPeer,
} from '../smtp/scripted-peer.case.ts';
import type { SmtpRelay } from '../smtp/session.types.ts';
import type { WireMessage } from './compose-message.ts';
import { type Transmission, type Transmitted, transmit } from './transmit.ts';

/** A relay that answers as the test says, and one message for it. */
async function startWorld(options: ServeOptions, relay: Partial<SmtpRelay> = {}) {
  const peer = await startPeer((connection) => serve(connection, options));
  const pool = createSmtpPool({ clock: systemClock });
  const lockStepRelays = new LockStepRelays({ clock: systemClock, log: silentLog });
  const stop = new AbortController();
  const asked = { mails: 0, handOvers: 0 };
  return {
    peer,
    stop,
    asked,
    get isLockStep(): boolean {
      return lockStepRelays.has(relayAt(peer.port));
    },
    async send(
      recipients: number | readonly string[],
      changes: Partial<Transmission & Omit<WireMessage, 'from'>> = {},
    ): Promise<Transmitted | null> {
      const { needsSmtpUtf8 = false, body = Buffer.from('Subject: x\r\n\r\nx\r\n'), allOrNone, ...others } = changes;
      const wire = {
        from: 'from@sender.test',
        body,
        needsSmtpUtf8,
        ...(allOrNone === undefined ? {} : { allOrNone }),
      };
      const addresses =
        typeof recipients === 'number'
          ? Array.from({ length: recipients }, (_, position) => `r${position}@d${position}.test`)
          : recipients;
      const to = addresses.map((address, position) => ({ position, address, attempts: 0 }));
      return transmit(wire, to, {
        pool,
        request: {
          key: 'key',
          relay: relayAt(peer.port, relay),
          limits: { maxConnections: 1, maxTransactionsPerConnection: 1_000, maxAgeMs: 3_600_000, idleMs: 60_000 },
        },
        judgement: { rules: [], onInDoubt: 'retry' },
        lockStepRelays,
        mayMail: () => {
          asked.mails += 1;
          return true;
        },
        async handOver() {
          asked.handOvers += 1;
        },
        onStage: () => {},
        signal: stop.signal,
        ...others,
      });
    },
    /** Recipients of each message that the relay took. */
    get taken(): readonly number[] {
      return peer.connections.flatMap(({ messages }) => messages.map(({ to }) => to.length));
    },
    async [Symbol.asyncDispose]() {
      await pool.close({ graceMs: 0 });
      await peer[Symbol.asyncDispose]();
    },
  };
}

/** A relay that takes so many recipients in a transaction and answers 452 4.5.3 to the others. */
function takingAtMost(most: number): Answers {
  let named = 0;
  return {
    MAIL: () => {
      named = 0;
      return '250 2.1.0 ok';
    },
    RCPT: () => {
      named += 1;
      return named <= most ? '250 2.1.5 ok' : '452 4.5.3 too many recipients';
    },
  };
}

const statesOf = (transmitted: Transmitted | null): readonly string[] =>
  (transmitted?.outcomes ?? []).map(({ state }) => state);
function countsOf(transmitted: Transmitted | null): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const state of statesOf(transmitted)) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

describe('452 4.5.3 at RCPT', () => {
  test.each([
    ['in clear order', []],
    ['pipelined', ['PIPELINING']],
  ])('sends those that were too many in further transactions at once, %s', async (_, extensions) => {
    await using world = await startWorld({ extensions, answers: takingAtMost(10) });
    const transmitted = await world.send(25);
    expect(countsOf(transmitted)).toEqual({ sent: 25 });
    expect(world.taken).toEqual([10, 10, 5]);
    expect(transmitted?.sent).toEqual({ messages: 3, recipients: 25 });
  });

  test('for everybody defers them all and is not asked again in this attempt', async () => {
    await using world = await startWorld({ answers: takingAtMost(0) });
    const transmitted = await world.send(3);
    expect(countsOf(transmitted)).toEqual({ pending: 3 });
    expect(transmitted?.outcomes[0]).toMatchObject({ code: 452, enhanced: '4.5.3', verdict: 'recipient' });
    expect(world.asked.mails).toBe(1);
    expect(transmitted?.sent).toEqual({ messages: 0, recipients: 0 });
  });

  test('when the message is then refused for now, is the outcome of those that were too many', async () => {
    await using world = await startWorld({ answers: { ...takingAtMost(1), DOT: () => '451 4.3.0 not now' } });
    const transmitted = await world.send(2);
    expect(transmitted?.outcomes).toMatchObject([
      { state: 'pending', stage: 'dot', code: 451 },
      { state: 'pending', stage: 'rcpt', code: 452 },
    ]);
    expect(world.asked.mails).toBe(1);
  });

  test('always ends, with each recipient sent, whatever the relay takes at a time', async () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }));
    await fc.assert(
      fc.asyncProperty(sizes, async ([recipients, most]) => {
        await using world = await startWorld({ answers: takingAtMost(most) });
        expect(countsOf(await world.send(recipients))).toEqual({ sent: recipients });
        expect(world.asked.mails).toBe(Math.ceil(recipients / most));
        expect(world.asked.handOvers).toBe(world.asked.mails);
      }),
      { numRuns: 20 },
    );
  });
});

describe('more recipients than fit into one transaction', () => {
  test.each([
    ['LIMITS RCPTMAX=10', [10, 10, 5]],
    ['LIMITS RCPTDOMAINMAX=20', [20, 5]],
    ['SIZE', [25]],
  ])('go in groups, under %s', async (extension, taken) => {
    await using world = await startWorld({ extensions: [extension] });
    expect(countsOf(await world.send(25))).toEqual({ sent: 25 });
    expect(world.taken).toEqual(taken);
  });

  test('go in groups of a hundred where the relay says nothing of it', async () => {
    await using world = await startWorld({});
    expect(countsOf(await world.send(250))).toEqual({ sent: 250 });
    expect(world.taken).toEqual([100, 100, 50]);
  });
});

describe('all or none', () => {
  const refusing = (text: string): ServeOptions => ({
    extensions: ['PIPELINING'],
    answers: { RCPT: (line) => (line.includes('<r1@') ? text : '250 2.1.5 ok') },
  });

  test('sends one message to all, one command at a time', async () => {
    await using world = await startWorld({ extensions: ['PIPELINING'] });
    expect(countsOf(await world.send(3, { allOrNone: true }))).toEqual({ sent: 3 });
    expect(world.taken).toEqual([3]);
  });

  test.each([
    ['LIMITS RCPTMAX=150', 150],
    ['SIZE', 150],
  ])(
    'offers more than a hundred in one transaction where the relay does not take fewer (%s)',
    async (extension, most) => {
      await using world = await startWorld({ extensions: [extension] });
      expect(countsOf(await world.send(most, { allOrNone: true }))).toEqual({ sent: most });
      expect(world.taken).toEqual([most]);
    },
  );

  test.each(['LIMITS RCPTMAX=2', 'LIMITS RCPTDOMAINMAX=2'])(
    'fails all where the relay takes fewer in a transaction, and offers it none (%s)',
    async (extension) => {
      await using world = await startWorld({ extensions: [extension] });
      const transmitted = await world.send(3, { allOrNone: true });
      expect(countsOf(transmitted)).toEqual({ failed: 3 });
      expect(transmitted?.outcomes[0]?.reply).toContain('does not take them together');
      expect([world.taken, world.asked.mails]).toEqual([[], 0]);
    },
  );

  test('where one is refused for now, all wait', async () => {
    await using world = await startWorld(refusing('450 4.2.1 busy'));
    const transmitted = await world.send(3, { allOrNone: true });
    expect(transmitted).toMatchObject({ sent: { messages: 0, recipients: 0 }, isAccountWell: true });
    expect(transmitted?.outcomes).toMatchObject([
      { state: 'pending', code: 451, reply: expect.stringContaining('refused r1@d1.test') },
      { state: 'pending', code: 450, reply: 'busy' },
      { state: 'pending', code: 451 },
    ]);
    expect([world.taken, world.asked.mails]).toEqual([[], 1]);
  });

  test('where one is refused for good, all fail, and only its address is dead', async () => {
    await using world = await startWorld(refusing('550 5.1.1 no such user'));
    const { outcomes = [] } = (await world.send(3, { allOrNone: true })) ?? {};
    expect(outcomes.map(({ state, isAddressDead = false }) => [state, isAddressDead])).toEqual([
      ['failed', false],
      ['failed', true],
      ['failed', false],
    ]);
    expect(world.taken).toEqual([]);
  });

  test('where one is refused for good, who was refused for now is told why it is not tried again', async () => {
    const RCPT = (line: string): string => (line.includes('<r0@') ? '550 5.1.1 no such user' : '421 4.3.2 bye');
    await using world = await startWorld({ answers: { RCPT } });
    const { outcomes = [] } = (await world.send(2, { allOrNone: true })) ?? {};
    expect(outcomes).toMatchObject([
      { state: 'failed', reply: 'no such user' },
      { state: 'failed', code: 421, reply: expect.stringMatching(/^bye; not tried again, as r0@d0\.test is refused/) },
    ]);
  });

  test('where one is too many in a transaction, all wait and nobody is asked again', async () => {
    await using world = await startWorld({ answers: takingAtMost(2) });
    expect(countsOf(await world.send(3, { allOrNone: true }))).toEqual({ pending: 3 });
    expect([world.taken, world.asked.mails]).toEqual([[], 1]);
  });
});

describe('an address beyond ASCII', () => {
  const MIXED = ['zoë@a.test', 'plain@b.test', 'noël@c.test', 'other@d.test'];

  test.each([
    ['pipelined', ['PIPELINING']],
    ['in clear order', ['8BITMIME']],
  ])('at a relay without SMTPUTF8 fails alone, the others are sent, %s', async (_, extensions) => {
    await using world = await startWorld({ extensions });
    const transmitted = await world.send(MIXED);
    const refused = { state: 'failed', stage: 'rcpt', code: 553, enhanced: '5.6.7', verdict: 'recipient' };
    expect(transmitted?.outcomes).toMatchObject([refused, { state: 'sent' }, refused, { state: 'sent' }]);
    expect(transmitted).toMatchObject({ sent: { messages: 1, recipients: 2 }, isAccountWell: true });
    expect(world.taken).toEqual([2]);
    expect(world.asked.mails).toBe(1);
  });

  test('goes with the others in one transaction where SMTPUTF8 is offered', async () => {
    await using world = await startWorld({ extensions: ['SMTPUTF8'] });
    expect(countsOf(await world.send(MIXED))).toEqual({ sent: 4 });
    expect(world.taken).toEqual([4]);
  });

  test('in the header or the sender fails all, as the message is the same for them', async () => {
    await using world = await startWorld({ extensions: [] });
    const transmitted = await world.send(MIXED, { needsSmtpUtf8: true });
    const refused = { state: 'failed', stage: 'mail', code: 553, enhanced: '5.6.7', verdict: 'message' };
    expect(transmitted?.outcomes).toMatchObject([refused, refused, refused, refused]);
    expect(world.asked.mails).toBe(0);
  });
});

/** A relay that takes the first transaction, and in the second answers a command so. */
function failingSecond(verb: string, reply: string): ServeOptions {
  let mails = 0;
  const count = (line: string): string => {
    if (line.startsWith('MAIL')) mails += 1;
    return mails === 2 && line.startsWith(verb) ? reply : '';
  };
  const usual: Readonly<Record<string, string>> = { MAIL: '250 2.1.0 ok', RCPT: '250 2.1.5 ok', DATA: '354 go' };
  return {
    extensions: ['LIMITS RCPTMAX=1'],
    answers: Object.fromEntries(
      Object.entries(usual).map(([name, text]) => [name, (line: string) => count(line) || text]),
    ),
  };
}

describe('a later transaction of the same message', () => {
  test.each([
    { reply: '451 4.3.0 not now', second: { state: 'pending', code: 451 }, mails: 2, third: 'pending' },
    { reply: '550 5.7.1 not from you', second: { state: 'failed', code: 550 }, mails: 3, third: 'sent' },
    { reply: '530 5.7.0 log in first', second: { uncounted: true, verdict: 'account' }, mails: 2, third: 'pending' },
  ])('that is answered "$reply" at MAIL leaves what was sent as sent', async ({ reply, second, mails, third }) => {
    await using world = await startWorld(failingSecond('MAIL', reply));
    const transmitted = await world.send(3);
    expect(transmitted?.outcomes[0]).toMatchObject({ state: 'sent' });
    expect(transmitted?.outcomes[1]).toMatchObject({ ...second, stage: 'mail' });
    expect(transmitted?.outcomes[2]).toMatchObject({ state: third });
    expect(world.asked.mails).toBe(mails);
    expect(transmitted?.sent).toEqual(
      third === 'sent' ? { messages: 2, recipients: 2 } : { messages: 1, recipients: 1 },
    );
  });

  test('that is stopped before MAIL leaves the rest untried and uncounted', async () => {
    await using world = await startWorld({ extensions: ['LIMITS RCPTMAX=1'] });
    let asked = 0;
    const transmitted = await world.send(3, { mayMail: () => ++asked === 1 });
    expect(transmitted?.outcomes).toMatchObject([
      { state: 'sent' },
      { state: 'pending', uncounted: true, stage: null },
      { state: 'pending', uncounted: true, stage: null },
    ]);
  });
});

describe('what the relay says of itself', () => {
  test.each(['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'DOT'])('421 at %s asks to slow down', async (verb) => {
    await using world = await startWorld({ answers: { [verb]: () => '421 4.3.2 shutting down' } });
    const transmitted = await world.send(1);
    expect(transmitted).toMatchObject({ isClosing: true, isReached: false });
    expect(transmitted?.outcomes).toMatchObject([{ state: 'pending', code: 421 }]);
  });

  test('451 at MAIL is no reason to slow down, and says that the account is well', async () => {
    await using world = await startWorld({ answers: { MAIL: () => '451 4.3.0 not now' } });
    expect(await world.send(1)).toMatchObject({ isClosing: false, isAccountWell: true, isReached: null });
  });

  test.each([
    ['MAIL', '550 5.7.1 not from you', true],
    ['RCPT', '450 4.2.1 not now', true],
    ['DOT', '250 2.0.0 queued', true],
    ['DOT', '451 4.3.0 not now', null],
    ['CONNECT', '554 5.7.1 not from there', false],
  ])('"%s: %s" says of the way to it: %s', async (verb, reply, isReached) => {
    await using world = await startWorld({ answers: { [verb]: () => reply } });
    expect(await world.send(1)).toMatchObject({ isReached });
  });

  test('421 after it took some says nothing of the way to it', async () => {
    let mails = 0;
    const MAIL = (): string => (++mails === 1 ? '250 ok' : '421 4.3.2 enough');
    await using world = await startWorld({ extensions: ['LIMITS RCPTMAX=1'], answers: { MAIL } });
    expect(await world.send(2)).toMatchObject({ isClosing: true, isReached: null });
  });

  test.each([
    ['AUTH', '535 5.7.8 wrong password'],
    ['MAIL', '530 5.7.0 log in first'],
  ])('the fault of the account at %s counts for nobody', async (verb, reply) => {
    const auth = { user: 'u', method: 'auto', password: 'p' } as const;
    await using world = await startWorld({ answers: { [verb]: () => reply } }, { auth });
    const transmitted = await world.send(2);
    expect(transmitted).toMatchObject({ isAccountWell: false, isReached: null, sent: { messages: 0, recipients: 0 } });
    expect(transmitted?.outcomes).toMatchObject([
      { state: 'pending', verdict: 'account', uncounted: true },
      { state: 'pending', verdict: 'account', uncounted: true },
    ]);
  });
});

describe('what counts as sent', () => {
  test('is each transaction, for the relay counts those', async () => {
    await using world = await startWorld({ extensions: ['LIMITS RCPTMAX=2'] });
    expect((await world.send(5))?.sent).toEqual({ messages: 3, recipients: 5 });
  });

  const cases = [
    { verb: 'MAIL', reply: '550 5.7.1 no', recipients: 0 },
    { verb: 'RCPT', reply: '550 5.1.1 no', recipients: 0 },
    { verb: 'DATA', reply: '451 4.3.0 no', recipients: 2 },
    { verb: 'DOT', reply: '554 5.6.0 no', recipients: 2 },
    { verb: 'DOT', reply: 'close', recipients: 2 },
    { verb: 'DOT', reply: '250 2.0.0 ok', recipients: 2 },
  ];
  test.each(cases)('"$reply" at $verb: $recipients recipients', async ({ verb, reply, recipients }) => {
    await using world = await startWorld({ extensions: [], answers: { [verb]: () => reply } });
    const transmitted = await world.send(2);
    expect(transmitted?.sent).toEqual({ messages: recipients === 0 ? 0 : 1, recipients });
  });
});

describe('a group that the relay answers badly', () => {
  const bad: readonly [string, Answers][] = [
    ['with 503 to a RCPT in its place', { RCPT: () => '503 5.5.1 one at a time' }],
    ['with 503 to DATA though recipients were accepted', { DATA: () => '503 5.5.1 one at a time' }],
    ['by closing half-way', { RCPT: () => 'close' }],
    ['by closing without a word', { MAIL: () => 'close' }],
    ['with a reply out of step', { RCPT: () => '354 go ahead' }],
    ['with a reply too many', { DATA: () => '354 go ahead\r\n250 2.0.0 queued' }],
    ['by throwing away what came with MAIL', { RCPT: () => '' }],
  ];

  test.each(bad)('%s: the same message goes at once, one command at a time', async (_, spoiled) => {
    let mails = 0;
    const usual: Answers = { MAIL: () => '250 ok', RCPT: () => '250 ok', DATA: () => '354 go' };
    const answers = Object.fromEntries(
      Object.entries(usual).map(([verb, answer]): [string, Answers[string]] => [
        verb,
        (line, peer) => {
          if (verb === 'MAIL') mails += 1;
          return (mails === 1 ? (spoiled[verb] ?? answer) : answer)(line, peer);
        },
      ]),
    );
    await using world = await startWorld({ answers }, { timeouts: { ...GENEROUS_TIMEOUTS, commandMs: 300 } });
    const transmitted = await world.send(2);
    expect(statesOf(transmitted)).toEqual(['sent', 'sent']);
    expect(transmitted?.sent).toEqual({ messages: 1, recipients: 2 });
    // A lone dot, where DATA was accepted for nobody, is no message.
    expect(world.taken.filter((to) => to > 0)).toEqual([2]);
    expect(world).toMatchObject({ isLockStep: true, asked: { mails: 2 } });
  });

  test('is tried once more and not again: what one command at a time gets is the answer', async () => {
    await using world = await startWorld({ answers: { RCPT: () => '503 5.5.1 no' } });
    const transmitted = await world.send(1);
    expect(transmitted?.outcomes).toMatchObject([{ state: 'failed', code: 503, stage: 'rcpt' }]);
    expect(world.asked.mails).toBe(2);
    await world.send(1);
    expect(world.asked.mails).toBe(3);
  });

  const fine: readonly [string, Answers][] = [
    ['503 to DATA when nobody was accepted', { RCPT: () => '550 5.1.1 no', DATA: () => '503 5.5.1 nobody' }],
    ['421', { RCPT: () => '421 4.3.2 shutting down' }],
    ['450 to a RCPT', { RCPT: () => '450 4.2.1 busy' }],
    ['a close after the final dot', { DOT: () => 'close' }],
  ];

  test.each(fine)('is not one with %s', async (_, answers) => {
    await using world = await startWorld({ answers });
    await world.send(2);
    expect(world).toMatchObject({ isLockStep: false, asked: { mails: 1 } });
  });

  test('is none where commands went one at a time', async () => {
    await using world = await startWorld({ extensions: [], answers: { RCPT: () => '503 5.5.1 no' } });
    await world.send(1);
    expect(world).toMatchObject({ isLockStep: false, asked: { mails: 1 } });
  });
});

test('the transcript is that of the attempt, and says nothing of the content', async () => {
  await using world = await startWorld({});
  const transmitted = await world.send(1);
  expect(transmitted?.transcript.some((line) => line.includes('C: MAIL FROM:<from@sender.test>'))).toBe(true);
  expect(transmitted?.transcript.some((line) => line.includes('S: 250 2.0.0 queued'))).toBe(true);
  expect(transmitted?.transcript.join('\n')).not.toContain('Subject');
});

test('the hand-over comes before MAIL, which waits for it', async () => {
  await using world = await startWorld({});
  const order: string[] = [];
  const marked = Promise.withResolvers<void>();
  const sending = world.send(1, {
    handOver: () => {
      order.push('hand over');
      return marked.promise;
    },
    mayMail: () => {
      order.push('mail');
      return true;
    },
  });
  await expect.poll(() => order).toEqual(['hand over']);
  expect(world.peer.connections[0]?.commands.filter((line) => line.startsWith('MAIL'))).toEqual([]);
  marked.resolve();
  expect(statesOf(await sending)).toEqual(['sent']);
  expect(order).toEqual(['hand over', 'mail']);
});

test('a message that waits for a connection and is stopped was not sent', async () => {
  const greeting = Promise.withResolvers<string>();
  await using world = await startWorld({ answers: { CONNECT: () => greeting.promise } });
  const sending = world.send(1);
  world.stop.abort();
  expect(await sending).toBeNull();
  expect(world.asked.mails).toBe(0);
  greeting.resolve('220 too late');
});

describe('a message that is read while it is sent', () => {
  const FILE = Buffer.alloc(300_000, 'octets');
  const bodyOf = (source: TestSource) => joinParts(['Subject: x\r\n\r\n', source, '\r\n']);

  test('is read again for each transaction', async () => {
    await using world = await startWorld({ extensions: ['LIMITS RCPTMAX=1'] });
    const source = new TestSource(FILE, { pieceBytes: 100_000 });
    expect(countsOf(await world.send(3, { body: bodyOf(source) }))).toEqual({ sent: 3 });
    expect(source).toMatchObject({ readings: 3, open: 0, givenBytes: 3 * FILE.length });
    const [first, ...others] = world.peer.connections.flatMap(({ messages }) => messages.map(({ raw }) => raw));
    expect(first).toBe((await bytesOf(bodyOf(source))).toString());
    expect(others.every((raw) => raw === first)).toBe(true);
  });

  test('and cannot be read to its end fails with what its source threw, and counts as nothing', async () => {
    await using world = await startWorld({});
    const failed = new Error('the disk is gone');
    const body = bodyOf(new TestSource(FILE, { beforePiece: (at) => failAt(at, FILE.length, failed) }));
    await expect(world.send(2, { body })).rejects.toBe(failed);
    expect(world.taken).toEqual([]);
    // The connection is gone, the relay is not.
    expect(countsOf(await world.send(2))).toEqual({ sent: 2 });
  });

  test('and cannot be read for a later transaction leaves what was sent as sent, the rest untried', async () => {
    await using world = await startWorld({ extensions: ['LIMITS RCPTMAX=1'] });
    const source: TestSource = new TestSource(FILE, {
      beforePiece: () => failAt(source.readings, 2, new Error('the disk is gone')),
    });
    const transmitted = await world.send(3, { body: bodyOf(source) });
    expect(transmitted?.outcomes).toMatchObject([
      { state: 'sent' },
      { state: 'pending', uncounted: true, stage: null },
      { state: 'pending', uncounted: true, stage: null },
    ]);
    expect(transmitted).toMatchObject({ sent: { messages: 1, recipients: 1 }, isAccountWell: true, isReached: true });
  });
});
