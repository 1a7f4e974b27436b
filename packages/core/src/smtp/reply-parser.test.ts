// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SmtpReply } from './reply.ts';
import { MAX_REPLY_LINE_BYTES, ReplyParser } from './reply-parser.ts';

function parseAll(...chunks: readonly (string | Buffer)[]): { replies: SmtpReply[]; problem: string | null } {
  const parser = new ReplyParser();
  const replies: SmtpReply[] = [];
  for (const chunk of chunks) {
    parser.push(Buffer.from(chunk));
    for (let reply = parser.next(); reply !== null; reply = parser.next()) replies.push(reply);
  }
  return { replies, problem: parser.problem };
}

function parseOne(bytes: string | Buffer): SmtpReply {
  const { replies, problem } = parseAll(bytes);
  expect(problem).toBeNull();
  expect(replies).toHaveLength(1);
  return replies[0]!;
}

describe('a reply', () => {
  test.each([
    ['250 2.1.5 ok\r\n', { code: 250, enhanced: '2.1.5', text: 'ok' }],
    ['250\r\n', { code: 250, enhanced: null, text: '' }],
    ['250 \r\n', { code: 250, enhanced: null, text: '' }],
    ['550 5.1.1\r\n', { code: 550, enhanced: '5.1.1', text: '' }],
    ['220 no carriage return\n', { code: 220, enhanced: null, text: 'no carriage return' }],
    ['570 5.7.7 second digit above five\r\n', { code: 570, enhanced: '5.7.7', text: 'second digit above five' }],
    ['451 4.7.650 limited\r\n', { code: 451, enhanced: '4.7.650', text: 'limited' }],
    ['550 5.01.001 zeros\r\n', { code: 550, enhanced: '5.1.1', text: 'zeros' }],
    ['550-5.2.1 disabled,\r\n550 5.2.1 see there\r\n', { code: 550, enhanced: '5.2.1', text: 'disabled, see there' }],
    ['550-first\r\n550 5.7.1 last\r\n', { code: 550, enhanced: '5.7.1', text: 'first last' }],
    ['250-\r\n250 ok\r\n', { code: 250, enhanced: null, text: ' ok' }],
    ['250-\r\n250\r\n', { code: 250, enhanced: null, text: ' ' }],
  ])('%j', (bytes, wanted) => {
    expect(parseOne(bytes)).toEqual(wanted);
  });

  test.each([
    '554 4.4.7 expired',
    '450 5.1.1 gone',
    '354 3.0.0 go',
    '250 5.7.1 what',
    '550 5.1 short',
    '550 5.1.1234 long',
  ])('%j: a status of another class, or none, stays text', (line) => {
    expect(parseOne(`${line}\r\n`)).toEqual({ code: Number(line.slice(0, 3)), enhanced: null, text: line.slice(4) });
  });

  test('several in one packet come one by one, and a rest is pending', () => {
    const parser = new ReplyParser();
    parser.push(Buffer.from('250 one\r\n354 two\r\n2'));
    expect(parser.next()?.text).toBe('one');
    expect(parser.pending).toBe(true);
    expect(parser.next()?.text).toBe('two');
    expect(parser.next()).toBeNull();
    expect(parser.pending).toBe(true);
    parser.push(Buffer.from('50 three\r\n'));
    expect(parser.next()?.text).toBe('three');
    expect(parser.pending).toBe(false);
  });

  test('what was pending is gone after discard', () => {
    const parser = new ReplyParser();
    parser.push(Buffer.from('220 go\r\n250-injected\r\n250 inj'));
    parser.next();
    parser.discard();
    expect(parser.pending).toBe(false);
    parser.push(Buffer.from('221 bye\r\n'));
    expect(parser.next()?.text).toBe('bye');
  });

  test('the lines of an EHLO reply stay readable after it', () => {
    const parser = new ReplyParser();
    parser.push(Buffer.from('250-relay\r\n250-SIZE 100\r\n250 PIPELINING\r\n'));
    parser.next();
    expect(parser.next()).toBeNull();
    expect(parser.lines).toEqual(['relay', 'SIZE 100', 'PIPELINING']);
  });

  test('is the same however it is cut into packets', () => {
    const bytes = Buffer.from(
      '220-hello\r\n220 there\r\n250 2.0.0 ok\r\n550-5.1.1 no ü\r\n550 5.1.1 user\r\n354 go\r\n',
    );
    const whole = parseAll(bytes);
    expect(whole.replies).toHaveLength(4);
    expect(parseAll(...[...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
        expect(parseAll(...chunks)).toEqual(whole);
      }),
    );
  });
});

describe('bytes that are no reply', () => {
  test.each([
    'hello\r\n',
    '\r\n',
    '25\r\n',
    '99 short\r\n',
    '150 preliminary\r\n',
    '650 beyond\r\n',
    '250=odd\r\n',
    '2x0 ok\r\n',
    ' 250 ok\r\n',
    '250-one\r\n251 two\r\n',
    '250-one\r\nnothing\r\n',
    'HTTP/1.1 400 Bad Request\r\n',
  ])('%j is a problem', (bytes) => {
    const { replies, problem } = parseAll(bytes);
    expect(replies).toEqual([]);
    expect(problem).not.toBeNull();
  });

  test('1 MB of garbage without a line end is a problem, of which nothing is kept', () => {
    const parser = new ReplyParser();
    for (let sent = 0; sent < 1_048_576; sent += 65_536) {
      parser.push(Buffer.alloc(65_536, 0xff));
      expect(parser.next()).toBeNull();
    }
    expect(parser.problem).not.toBeNull();
    expect(parser.pending).toBe(false);
  });

  test('a line that ends beyond the limit is a problem', () => {
    expect(parseAll(`250 ${'x'.repeat(MAX_REPLY_LINE_BYTES)}\r\n`).problem).not.toBeNull();
    expect(parseAll('250 ', ...Array.from({ length: 50 }, () => 'x'.repeat(100))).problem).not.toBeNull();
  });

  test('a reply of lines without end is a problem', () => {
    expect(
      parseAll(...Array.from({ length: 2_000 }, () => '250-and on and on and on and on and on\r\n')).problem,
    ).not.toBeNull();
  });

  test('any bytes give replies in range or a problem, never an exception', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (chunks) => {
        for (const reply of parseAll(...chunks.map((chunk) => Buffer.from(chunk))).replies) {
          expect(reply.code).toBeGreaterThanOrEqual(200);
          expect(reply.code).toBeLessThan(600);
        }
      }),
    );
  });
});

describe('the text of a reply', () => {
  test('200 lines are cut to 1,000 characters', () => {
    const lines = Array.from(
      { length: 200 },
      (_, index) => `550${index === 199 ? ' ' : '-'}5.7.1 line ${index} of many\r\n`,
    );
    const reply = parseOne(lines.join(''));
    expect(reply).toMatchObject({ code: 550, enhanced: '5.7.1' });
    expect(reply.text).toHaveLength(1_000);
    expect(reply.text.startsWith('line 0 of many line 1 of many')).toBe(true);
  });

  test('is never cut through a character', () => {
    const reply = parseOne(`550 x${'😀'.repeat(600)}\r\n`);
    expect(reply.text).toHaveLength(999);
    expect(reply.text.isWellFormed()).toBe(true);
  });

  test('UTF-8 is kept, other 8-bit bytes are replaced', () => {
    expect(parseOne('550 Empfänger unbekannt\r\n').text).toBe('Empfänger unbekannt');
    expect(parseOne(Buffer.from('550 Empf\xe4nger\r\n', 'latin1')).text).toBe('Empf\ufffdnger');
  });

  test.each([
    ['550 \x1b[31mred\x1b[0m alert', 'red alert'],
    ['550 \x1b]0;title\x07text', 'text'],
    ['550 \x1b]8;;http://x\x1b\\link', 'link'],
    ['550 \x1bcreset', 'reset'],
    ['550 a\tb\x00c\x07d\x7fe', 'a b c d e'],
    ['550 one\rtwo', 'one two'],
    ['550 \u009b31m\u202egnp.exe\u2028x', ' 31m gnp.exe x'],
  ])('%j loses what would act on a log or a terminal', (line, wanted) => {
    expect(parseOne(`${line}\r\n`).text).toBe(wanted);
  });

  test('never holds a control character or more than 1,000 characters', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), (bytes) => {
        const line = Buffer.from(bytes).filter((byte) => byte !== 0x0a);
        const { text } = parseOne(Buffer.concat([Buffer.from('550 '), line, Buffer.from('\r\n')]));
        expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
        expect(text.length).toBeLessThanOrEqual(1_000);
        expect(text.isWellFormed()).toBe(true);
      }),
    );
  });
});
