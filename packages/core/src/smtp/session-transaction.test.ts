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
import type { RecipientReply, SmtpRelay, SmtpTransaction } from './session.types.ts';

const LOCK_STEP = ['8BITMIME', 'SIZE 10485760', 'SMTPUTF8'];
const PIPELINED = ['PIPELINING', ...LOCK_STEP];
const BOTH = [
  ['pipelined', PIPELINED],
  ['lock-step', LOCK_STEP],
] as const;

const THREE = ['a@rcpt.test', 'b@rcpt.test', 'c@rcpt.test'];

/** Send one transaction to a relay that is played by `serve`. */
async function sendTo(
  options: ServeOptions,
  transaction: Partial<SmtpTransaction> = {},
  overrides: Partial<SmtpRelay> = {},
) {
  await using peer = await startPeer((connection) => serve(connection, options));
  using session = await openTestSession(relayAt(peer.port, overrides));
  const replies = await session.send(aTransaction(transaction));
  expect(replies.map(({ address }) => address)).toEqual(transaction.to ?? ['a@rcpt.test']);
  const { usable, transactions } = session;
  await session.quit();
  const { commands, messages } = peer.connections[0]!;
  return { replies: brief(replies), first: replies[0]!, usable, transactions, commands: commands.slice(1), messages };
}

/** By recipient: `{ b: '550 5.1.1 no' }`; the others get 250. */
function rcptAnswers(byName: Readonly<Record<string, string>>): (line: string) => string {
  return (line) => byName[line.charAt('RCPT TO:<'.length)] ?? '250 2.1.5 ok';
}

describe.each(BOTH)('%s', (_, extensions) => {
  test('the whole envelope is accepted with the reply to the dot', async () => {
    const sent = await sendTo({ extensions }, { to: THREE });
    expect(sent.replies).toEqual(['accepted 250', 'accepted 250', 'accepted 250']);
    expect(sent.first).toEqual({
      status: 'accepted',
      address: 'a@rcpt.test',
      reply: { code: 250, enhanced: '2.0.0', text: 'queued' },
    });
    expect(sent.commands).toEqual([
      'MAIL FROM:<from@sender.test> SIZE=26',
      'RCPT TO:<a@rcpt.test>',
      'RCPT TO:<b@rcpt.test>',
      'RCPT TO:<c@rcpt.test>',
      'DATA',
      'QUIT',
    ]);
    expect(sent).toMatchObject({ usable: true, transactions: 1 });
    expect(sent.messages[0]?.raw).toBe('Subject: hello\r\n\r\nHello.\r\n');
  });

  test('100 recipients are one transaction', async () => {
    const to = Array.from({ length: 100 }, (_each, index) => `r${index}@rcpt.test`);
    const sent = await sendTo({ extensions }, { to });
    expect(new Set(sent.replies)).toEqual(new Set(['accepted 250']));
    expect(sent.messages[0]?.to).toHaveLength(100);
  });

  test('the null sender is an empty path', async () => {
    expect((await sendTo({ extensions }, { from: '' })).commands[0]).toBe('MAIL FROM:<> SIZE=26');
  });

  test('250, 550 and 450 to three RCPT: each recipient has its own outcome', async () => {
    const answers = { RCPT: rcptAnswers({ b: '550 5.1.1 no', c: '450 4.2.1 later' }) };
    const sent = await sendTo({ extensions, answers }, { to: THREE });
    expect(sent.replies).toEqual(['accepted 250', 'refused 550 at rcpt', 'refused 450 at rcpt']);
    expect(sent.usable).toBe(true);
  });

  test.each(['251 2.1.5 will forward', '252 2.1.5 cannot verify'])('%s counts as accepted', async (answer) => {
    expect((await sendTo({ extensions, answers: { RCPT: () => answer } })).replies).toEqual(['accepted 250']);
  });

  test('all RCPT refused: no message is sent', async () => {
    const answers = { RCPT: () => '550 5.1.1 no', DATA: () => '503 5.5.1 no valid recipients' };
    const sent = await sendTo({ extensions, answers }, { to: THREE });
    expect(sent.replies).toEqual(['refused 550 at rcpt', 'refused 550 at rcpt', 'refused 550 at rcpt']);
    expect(sent).toMatchObject({ usable: true, messages: [] });
  });

  test('all or none: one RCPT is refused, and the message is not sent to the others', async () => {
    const answers = { RCPT: rcptAnswers({ b: '550 5.1.1 no' }) };
    const sent = await sendTo({ extensions, answers }, { to: THREE, allOrNone: true });
    expect(sent.replies).toEqual(['refused 451 at rcpt', 'refused 550 at rcpt', 'refused 451 at rcpt']);
    expect(sent.first).toMatchObject({
      reply: { enhanced: '4.7.0', text: expect.stringContaining('the relay refused b@rcpt.test') },
    });
    expect(sent.commands.map((line) => line.split(' ', 1)[0])).toEqual(['MAIL', 'RCPT', 'RCPT', 'RCPT', 'QUIT']);
    expect(sent).toMatchObject({ usable: true, messages: [] });
  });

  test('all or none: where nobody is refused, all have it', async () => {
    const sent = await sendTo({ extensions }, { to: THREE, allOrNone: true });
    expect(sent.replies).toEqual(['accepted 250', 'accepted 250', 'accepted 250']);
  });

  test('452 4.3.1 to MAIL refuses all', async () => {
    const answers = { MAIL: () => '452 4.3.1 full', RCPT: () => '503 5.5.1 no MAIL', DATA: () => '503 5.5.1 no MAIL' };
    const sent = await sendTo({ extensions, answers }, { to: THREE });
    expect(sent.replies).toEqual(Array.from({ length: 3 }, () => 'refused 452 at mail'));
    expect(sent).toMatchObject({ usable: true, transactions: 1 });
  });

  test('552 5.3.4 to MAIL refuses all', async () => {
    const answers = { MAIL: () => '552 5.3.4 too big', RCPT: () => '503 no', DATA: () => '503 no' };
    expect((await sendTo({ extensions, answers })).replies).toEqual(['refused 552 at mail']);
  });

  test('451 to DATA refuses those that were accepted, the others keep their own reply', async () => {
    const answers = { RCPT: rcptAnswers({ b: '550 5.1.1 no' }), DATA: () => '451 4.3.0 later' };
    const sent = await sendTo({ extensions, answers }, { to: THREE });
    expect(sent.replies).toEqual(['refused 451 at data', 'refused 550 at rcpt', 'refused 451 at data']);
    expect(sent.usable).toBe(true);
  });

  test.each(['451 4.3.0 later', '554 5.7.1 spam'])(
    '%s after the dot refuses those that were accepted',
    async (answer) => {
      const answers = { RCPT: rcptAnswers({ b: '450 4.2.1 later' }), DOT: () => answer };
      const sent = await sendTo({ extensions, answers }, { to: THREE });
      const refused = `refused ${answer.slice(0, 3)} at dot`;
      expect(sent.replies).toEqual([refused, 'refused 450 at rcpt', refused]);
      expect(sent.usable).toBe(true);
    },
  );

  test('550 of 200 lines after the dot is a bounded text', async () => {
    const lines = Array.from(
      { length: 200 },
      (_each, index) => `550${index < 199 ? '-' : ' '}5.7.1 reason number ${index}`,
    );
    const sent = await sendTo({ extensions, answers: { DOT: () => lines.join('\r\n') } });
    expect(sent.replies).toEqual(['refused 550 at dot']);
    if (sent.first.status !== 'refused') throw new Error('not refused');
    expect(sent.first.reply.text).toHaveLength(1_000);
  });

  test('replies split byte by byte are matched all the same', async () => {
    await using peer = await startPeer(async (connection) => {
      connection.say('220 hi');
      await connection.line();
      await connection.saySlowly(
        ['relay.test', ...extensions]
          .map((line, index) => `250${index === extensions.length ? ' ' : '-'}${line}\r\n`)
          .join(''),
      );
      await connection.line();
      await connection.saySlowly('250-2.1.0 fine\r\n250 2.1.0 sender\r\n');
      await connection.line();
      await connection.saySlowly('250 2.1.5 recipient\r\n');
      await connection.line();
      await connection.saySlowly('354 go\r\n');
      await connection.body();
      await connection.saySlowly('250-2.0.0 it is\r\n250 2.0.0 queued\r\n');
    });
    using session = await openTestSession(relayAt(peer.port));
    expect(brief(await session.send(aTransaction()))).toEqual(['accepted 250']);
    expect(session.usable).toBe(true);
  });

  test('RSET comes before what follows a refused transaction, and only then', async () => {
    let mails = 0;
    const answers = {
      MAIL: () => {
        mails += 1;
        return '250 ok';
      },
      RCPT: () => (mails === 2 ? '550 5.1.1 no' : '250 ok'),
      DATA: () => (mails === 2 ? '503 no' : '354 go'),
    };
    await using peer = await startPeer((connection) => serve(connection, { extensions, answers }));
    using session = await openTestSession(relayAt(peer.port));
    const outcomes: string[] = [];
    for (let count = 0; count < 4; count += 1) outcomes.push(...brief(await session.send(aTransaction())));
    expect(outcomes).toEqual(['accepted 250', 'refused 550 at rcpt', 'accepted 250', 'accepted 250']);
    expect(session.transactions).toBe(4);
    const verbs = peer.connections[0]!.commands.map((line) => line.slice(0, 4)).filter((verb) => verb !== 'DATA');
    expect(verbs).toEqual(['EHLO', 'MAIL', 'RCPT', 'MAIL', 'RCPT', 'RSET', 'MAIL', 'RCPT', 'MAIL', 'RCPT']);
  });

  test('421 to MAIL refuses all and ends the session', async () => {
    const sent = await sendTo({ extensions, answers: { MAIL: () => '421 4.3.2 closing' } }, { to: THREE });
    expect(sent.replies).toEqual(Array.from({ length: 3 }, () => 'refused 421 at mail'));
    expect(sent.usable).toBe(false);
  });

  test('421 to the second RCPT refuses the rest and ends the session', async () => {
    const answers = { RCPT: rcptAnswers({ a: '550 5.1.1 no', b: '421 4.3.2 closing' }) };
    const sent = await sendTo({ extensions, answers }, { to: THREE });
    expect(sent.replies).toEqual(['refused 550 at rcpt', 'refused 421 at rcpt', 'refused 421 at rcpt']);
    expect(sent.usable).toBe(false);
  });

  test('421 after the dot refuses all and ends the session', async () => {
    const sent = await sendTo({ extensions, answers: { DOT: () => '421 4.3.2 closing' } });
    expect(sent).toMatchObject({ replies: ['refused 421 at dot'], usable: false });
  });

  test('a close instead of the reply to MAIL breaks all, without doubt', async () => {
    const sent = await sendTo({ extensions, answers: { MAIL: () => 'close' } });
    expect(sent.replies).toEqual(['broken closed at mail']);
    expect(sent.usable).toBe(false);
  });

  test('a close instead of a reply to RCPT keeps what was refused before', async () => {
    const answers = { RCPT: rcptAnswers({ a: '550 5.1.1 no', b: 'close' }) };
    const sent = await sendTo({ extensions, answers }, { to: THREE });
    expect(sent.replies).toEqual(['refused 550 at rcpt', 'broken closed at rcpt', 'broken closed at rcpt']);
  });

  test('no reply to RCPT is a timeout, without doubt', async () => {
    const timeouts = { ...GENEROUS_TIMEOUTS, commandMs: 200 };
    const sent = await sendTo({ extensions, answers: { RCPT: () => '', DATA: () => '' } }, {}, { timeouts });
    expect(sent.replies).toEqual(['broken timeout at rcpt']);
  });

  test.each([
    ['354 to MAIL', { MAIL: () => '354 what' }, 'broken protocol at mail'],
    ['354 to RCPT', { RCPT: () => '354 what' }, 'broken protocol at rcpt'],
    ['250 to DATA', { DATA: () => '250 what' }, 'broken protocol at data'],
    ['354 to the dot', { DOT: () => '354 what' }, 'broken protocol at dot, doubt'],
    ['garbage to the dot', { DOT: () => 'what?' }, 'broken protocol at dot, doubt'],
    ['a change of code to the dot', { DOT: () => '250-yes\r\n550 no' }, 'broken protocol at dot, doubt'],
    ['a message beyond 354', { DATA: () => '354 go\r\n250 taken' }, 'broken protocol at body'],
    ['a refusal beyond 354', { DATA: () => '354 go\r\n554 no' }, 'broken protocol at body'],
  ])('%s is out of step and ends the session', async (_name, answers, wanted) => {
    const sent = await sendTo({ extensions, answers });
    expect(sent.replies).toEqual([wanted]);
    expect(sent.usable).toBe(false);
  });

  test('two replies to the dot: the first counts, the session ends', async () => {
    const sent = await sendTo({ extensions, answers: { DOT: () => '250 2.0.0 queued\r\n250 2.0.0 queued' } });
    expect(sent).toMatchObject({ replies: ['accepted 250'], usable: false });
  });

  test('mayMail is asked once, before MAIL, and its no sends nothing', async () => {
    await using peer = await startPeer((connection) => serve(connection, { extensions }));
    using session = await openTestSession(relayAt(peer.port));
    let asked = 0;
    const answering = (answer: boolean) => () => {
      asked += 1;
      return answer;
    };
    const replies = await session.send(aTransaction({ to: THREE }), answering(false));
    expect(brief(replies)).toEqual(Array.from({ length: 3 }, () => 'broken aborted at mail'));
    expect(asked).toBe(1);
    expect(session).toMatchObject({ usable: true, transactions: 0 });
    expect(brief(await session.send(aTransaction(), answering(true)))).toEqual(['accepted 250']);
    expect(asked).toBe(2);
    expect(peer.connections[0]?.commands.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
  });

  test('mayWrite is asked before the message, and its no sends none of it, without doubt', async () => {
    await using peer = await startPeer((connection) => serve(connection, { extensions }));
    using session = await openTestSession(relayAt(peer.port));
    const replies = await session.send(aTransaction(), () => true, { mayWrite: () => false });
    expect(brief(replies)).toEqual(['broken aborted at mail']);
    expect(session.usable).toBe(false);
    expect(session.transcript.at(-1)).not.toMatch(/bytes/);
    const [connection] = peer.connections;
    await connection?.gone();
    expect(connection?.commands.at(-1)).toBe('DATA');
    expect(connection).toMatchObject({ messages: [], unreadBytes: 0 });
  });

  test('a mayMail that throws is a bug that harms neither session nor process', async () => {
    const answers = { RCPT: rcptAnswers({ x: '550 5.1.1 no' }), DATA: () => '354 go' };
    await using peer = await startPeer((connection) => serve(connection, { extensions, answers }));
    using session = await openTestSession(relayAt(peer.port));
    const bug = () => {
      throw new Error('a bug');
    };
    await expect(session.send(aTransaction(), bug)).rejects.toThrow('a bug');
    await session.send(aTransaction({ to: ['x@rcpt.test'] }));
    // Now RSET comes first, and the bug shows in the middle of an exchange.
    await expect(session.send(aTransaction(), bug)).rejects.toThrow('a bug');
    expect(brief(await session.send(aTransaction()))).toEqual(['accepted 250']);
  });
});

describe('pipelining', () => {
  test('MAIL, all RCPT and DATA arrive before any of them is answered', async () => {
    await using peer = await startPeer(async (connection) => {
      connection.say('220 hi');
      await connection.line();
      connection.say('250-relay', '250 PIPELINING');
      const group: string[] = [];
      while (group.at(-1) !== 'DATA') group.push(await connection.line());
      connection.say(...group.slice(1).map(() => '250 ok'), '354 go');
      await connection.body();
      connection.say('250 queued');
      expect(group).toHaveLength(5);
    });
    using session = await openTestSession(relayAt(peer.port));
    expect(brief(await session.send(aTransaction({ to: THREE })))).toEqual(
      Array.from({ length: 3 }, () => 'accepted 250'),
    );
  });

  test.each([
    ['not announced', false, []],
    ['not wanted', true, ['PIPELINING']],
  ])('%s: one command at a time', async (_, lockStep, extensions) => {
    const aheads: boolean[] = [];
    const noting = (answer: string) => (_line: string, connection: PeerConnection) => {
      aheads.push(connection.hasUnread);
      return answer;
    };
    const answers = { MAIL: noting('250 ok'), RCPT: noting('250 ok'), DATA: noting('354 go') };
    const sent = await sendTo({ extensions, answers }, { to: THREE, lockStep });
    expect(sent.replies).toEqual(Array.from({ length: 3 }, () => 'accepted 250'));
    expect(aheads).toEqual([false, false, false, false, false]);
  });

  test('all RCPT refused and DATA answered 354: a lone dot is sent, and its 250 makes nothing sent', async () => {
    const answers = { RCPT: () => '550 5.1.1 no' };
    const sent = await sendTo({ extensions: PIPELINED, answers }, { to: THREE });
    expect(sent.replies).toEqual(Array.from({ length: 3 }, () => 'refused 550 at rcpt'));
    expect(sent.messages.map(({ raw }) => raw)).toEqual(['']);
    expect(sent.usable).toBe(true);
  });

  test('MAIL refused, everything after it accepted: a lone dot is sent, and nothing counts as sent', async () => {
    const sent = await sendTo({ extensions: PIPELINED, answers: { MAIL: () => '550 5.7.1 no' } }, { to: THREE });
    expect(sent.replies).toEqual(Array.from({ length: 3 }, () => 'refused 550 at mail'));
    expect(sent.messages.map(({ raw }) => raw)).toEqual(['']);
  });

  test('no reply to the lone dot changes nothing for the recipients, but ends the session', async () => {
    const answers = { RCPT: () => '550 5.1.1 no', DOT: () => 'close' };
    const sent = await sendTo({ extensions: PIPELINED, answers });
    expect(sent).toMatchObject({ replies: ['refused 550 at rcpt'], usable: false });
  });

  test('MAIL refused and the connection cut: the refusal stands', async () => {
    const answers = { MAIL: () => '550 5.7.1 no', RCPT: () => 'close' };
    expect((await sendTo({ extensions: PIPELINED, answers }, { to: THREE })).replies).toEqual(
      Array.from({ length: 3 }, () => 'refused 550 at mail'),
    );
  });

  test('a group answered after RSET was refused ends the session', async () => {
    const answers = { RCPT: () => '550 5.1.1 no', DATA: () => '503 no', RSET: () => '500 what' };
    await using peer = await startPeer((connection) => serve(connection, { extensions: PIPELINED, answers }));
    using session = await openTestSession(relayAt(peer.port));
    await session.send(aTransaction());
    expect(brief(await session.send(aTransaction()))).toEqual(['broken protocol at rset']);
    expect(session.usable).toBe(false);
  });
});

describe('what the relay announced that it cannot take', () => {
  async function refusedUnsent(
    extensions: readonly string[],
    transaction: Partial<SmtpTransaction>,
  ): Promise<RecipientReply> {
    await using peer = await startPeer((connection) => serve(connection, { extensions }));
    using session = await openTestSession(relayAt(peer.port));
    const [reply] = await session.send(aTransaction(transaction), () => {
      throw new Error('nobody should ask');
    });
    expect(session).toMatchObject({ usable: true, transactions: 0 });
    await session.quit();
    expect(peer.connections[0]?.commands.slice(1)).toEqual(['QUIT']);
    return reply!;
  }

  test('a message over SIZE is refused before MAIL, in our own words', async () => {
    const reply = await refusedUnsent(['SIZE 20'], {});
    expect(reply).toMatchObject({ status: 'refused', stage: 'mail', reply: { code: 552, enhanced: '5.3.4' } });
    expect(JSON.stringify(reply)).toContain('mail-proxy');
  });

  test('SIZE counts the CRLF that the last line lacks, and no stuffed dots', async () => {
    const body = Buffer.from('.1\r\n.2\r\n.3');
    const sent = await sendTo({ extensions: ['SIZE 12'] }, { body });
    expect(sent.commands[0]).toContain('SIZE=12');
    expect(sent.replies).toEqual(['accepted 250']);
    expect(await refusedUnsent(['SIZE 11'], { body })).toMatchObject({ reply: { code: 552 } });
  });

  test('SMTPUTF8 needed and not offered is refused before MAIL', async () => {
    const wanted = { status: 'refused', stage: 'mail', reply: { code: 553, enhanced: '5.6.7' } };
    expect(await refusedUnsent(['8BITMIME'], { smtpUtf8: true })).toMatchObject(wanted);
    expect(await refusedUnsent(['8BITMIME'], { from: 'ä@sender.test' })).toMatchObject(wanted);
    // Only the recipient needs it, so it is the recipient that is refused.
    expect(await refusedUnsent(['8BITMIME'], { to: ['ä@rcpt.test'] })).toMatchObject({ ...wanted, stage: 'rcpt' });
  });

  test('8-bit bytes where 8BITMIME is not offered are refused before MAIL', async () => {
    const reply = await refusedUnsent(['SIZE'], { body: Buffer.from('Subject: ä\r\n\r\n') });
    expect(reply).toMatchObject({ status: 'refused', reply: { code: 554, enhanced: '5.6.3' } });
  });

  test('what is offered and needed is asked for', async () => {
    const body = Buffer.from('Subject: ä\r\n\r\n');
    const sent = await sendTo({ extensions: PIPELINED }, { body, smtpUtf8: true, to: ['ä@rcpt.test'] });
    expect(sent.commands[0]).toBe('MAIL FROM:<from@sender.test> SIZE=15 BODY=8BITMIME SMTPUTF8');
    expect(Buffer.from(sent.messages[0]!.raw, 'latin1')).toEqual(body);
    expect(Buffer.from(sent.commands[1]!, 'latin1').toString('utf8')).toBe('RCPT TO:<ä@rcpt.test>');
  });
});

describe('bugs of the caller', () => {
  test.each([
    ['from', { from: 'a@b.test>\r\nRCPT TO:<x@y.test' }],
    ['to', { to: ['ok@rcpt.test', 'a@b.test\r\nDATA'] }],
    ['nobody', { to: [] }],
  ])('an envelope that would break a command never reaches the wire (%s)', async (_, transaction) => {
    await using peer = await startPeer((connection) => serve(connection));
    using session = await openTestSession(relayAt(peer.port));
    await expect(session.send(aTransaction(transaction))).rejects.toThrow(TypeError);
    expect(brief(await session.send(aTransaction()))).toEqual(['accepted 250']);
    expect(peer.connections[0]?.commands).toHaveLength(4);
  });

  test('two transactions at a time', async () => {
    await using peer = await startPeer((connection) => serve(connection));
    using session = await openTestSession(relayAt(peer.port));
    const first = session.send(aTransaction());
    await expect(session.send(aTransaction())).rejects.toThrow('one transaction at a time');
    expect(brief(await first)).toEqual(['accepted 250']);
  });
});
