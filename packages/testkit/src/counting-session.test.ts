// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CountedTransaction, CountingSession } from './counting-session.ts';

const PIPELINED = Buffer.from(
  [
    'EHLO client.test',
    'MAIL FROM:<a@a.test> BODY=8BITMIME',
    'RCPT TO:<one@b.test>',
    'RCPT TO:<two@b.test>',
    'DATA',
    'message-id:',
    ' <1@a.test>',
    'X-Genro-Mail-ID: m-1',
    '',
    'a body with Message-ID: <no@a.test>',
    '..stuffed',
    '.. ',
    '.',
    'MAIL FROM:<>',
    'RCPT TO:<three@b.test>',
    'DATA',
    '.',
    'MAIL FROM:<b@a.test>',
    'RCPT TO:<four@b.test>',
    'DATA',
    'Subject: no body',
    '.',
    'QUIT',
    '',
  ].join('\r\n'),
);

/** Feed the bytes cut at these offsets. */
function play(bytes: Buffer, cuts: readonly number[]) {
  const session = new CountingSession(1000);
  const accepted: CountedTransaction[] = [];
  let replies = '';
  const offsets = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (const [i, start] of offsets.slice(0, -1).entries()) {
    const result = session.feed(bytes.subarray(start, offsets[i + 1]));
    replies += result.reply;
    accepted.push(...result.accepted);
  }
  return { accepted, replies, inTransaction: session.inTransaction };
}

describe('counting session', () => {
  test('reads a pipelined stream of three messages', () => {
    const { accepted, replies, inTransaction } = play(PIPELINED, []);
    expect(accepted).toEqual([
      {
        client: 'client.test',
        from: 'a@a.test',
        recipients: ['one@b.test', 'two@b.test'],
        messageId: '<1@a.test>',
        mailId: 'm-1',
        bytes: 103,
      },
      {
        client: 'client.test',
        from: '',
        recipients: ['three@b.test'],
        messageId: undefined,
        mailId: undefined,
        bytes: 0,
      },
      {
        client: 'client.test',
        from: 'b@a.test',
        recipients: ['four@b.test'],
        messageId: undefined,
        mailId: undefined,
        bytes: 18,
      },
    ]);
    expect(replies.match(/^(\d{3}) /gm)?.join('')).toBe('250 250 250 250 354 250 250 250 354 250 250 250 354 250 221 ');
    expect(inTransaction).toBe(false);
  });

  test('always reads the same, wherever the stream is cut', () => {
    const whole = play(PIPELINED, []);
    fc.assert(
      fc.property(fc.array(fc.nat(PIPELINED.length)), (cuts) => {
        expect(play(PIPELINED, cuts)).toEqual(whole);
      }),
    );
  });

  test('always counts only the messages whose dot came, wherever the stream ends', () => {
    const ends = [...PIPELINED.toString('latin1').matchAll(/\r\n\.\r\n/g)].map(({ index }) => index + 5);
    expect(ends).toHaveLength(3);
    fc.assert(
      fc.property(fc.nat(PIPELINED.length), (length) => {
        const { accepted } = play(PIPELINED.subarray(0, length), []);
        expect(accepted).toHaveLength(ends.filter((end) => end <= length).length);
      }),
    );
  });

  test('commands out of order are answered 503', () => {
    const { replies } = play(
      Buffer.from('RCPT TO:<a@b.test>\r\nDATA\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nVRFY x\r\n'),
      [],
    );
    expect(replies.match(/^\d{3}/gm)).toEqual(['503', '503', '250', '503', '502']);
  });
});
