// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_CAPABILITIES, parseCapabilities } from './capabilities.ts';
import { assertEnvelope, mailCommand, needsSmtpUtf8, rcptCommand } from './envelope.ts';

const accepts = (address: string) => () => assertEnvelope({ from: '', to: [address] });

describe('assertEnvelope', () => {
  test.each([
    'a@b.test',
    '"a b"@c.test',
    '"<x>"@c.test',
    '"\\""@c.test',
    'üser@exämple.test',
    'a@[192.0.2.1]',
    "o'neil+x=y@b.test",
  ])('%j may be sent', (address) => {
    expect(accepts(address)).not.toThrow();
    expect(() => assertEnvelope({ from: address, to: ['x@y.test'] })).not.toThrow();
  });

  test.each([
    '',
    'a@b.test\r\nRCPT TO:<c@d.test>',
    'a@b.test\n',
    'a@b.test\r',
    'a\0@b.test',
    'a@b.test> SIZE=1',
    '<a@b.test',
    'a b@c.test',
    'a@b.test NOTIFY=NEVER',
    '"a\r\nb"@c.test',
    '"a\\\r\nb"@c.test',
    '"a"b c"@d.test',
    '"a@b.test> x',
    'a\u00a0b@c.test',
    'a\u2028b@c.test',
    'a\u0085b@c.test',
    '\ud800@c.test',
  ])('%j is a bug of the caller', (address) => {
    expect(accepts(address)).toThrow(TypeError);
    if (address !== '') expect(() => assertEnvelope({ from: address, to: ['x@y.test'] })).toThrow(TypeError);
  });

  test('no recipient and more than 100 are a bug of the caller', () => {
    expect(() => assertEnvelope({ from: '', to: [] })).toThrow(TypeError);
    expect(() => assertEnvelope({ from: '', to: Array.from({ length: 100 }, () => 'a@b') })).not.toThrow();
    expect(() => assertEnvelope({ from: '', to: Array.from({ length: 101 }, () => 'a@b') })).toThrow(TypeError);
  });

  test('whatever is let through makes one command, with one pair of brackets outside of quotes', () => {
    const address = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('a', '@', '"', '\\', '<', '>', ' ', '\r', '\n', '\0', '.', 'ü') }),
    );
    fc.assert(
      fc.property(address, (text) => {
        try {
          assertEnvelope({ from: '', to: [text] });
        } catch {
          return;
        }
        const command = rcptCommand(text);
        expect(command.slice(0, -2)).not.toMatch(/[\r\n\0]/);
        expect(command.replace(/"(?:[^"\\]|\\.)*"/g, '')).toMatch(/^RCPT TO:<[^<> ]*>\r\n$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('mailCommand', () => {
  const all = parseCapabilities(['relay', 'SIZE 1000', '8BITMIME', 'SMTPUTF8']);

  test('carries what was announced and is needed', () => {
    const plain = { from: 'a@b', sizeBytes: 12, isEightBit: false, needsSmtpUtf8: false };
    expect(mailCommand({ ...plain, from: '' }, all)).toBe('MAIL FROM:<> SIZE=12\r\n');
    expect(mailCommand({ ...plain, isEightBit: true, needsSmtpUtf8: true }, all)).toBe(
      'MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME SMTPUTF8\r\n',
    );
    expect(mailCommand(plain, NO_CAPABILITIES)).toBe('MAIL FROM:<a@b>\r\n');
  });

  test('names the envelope to a relay that offers DSN only, as xtext', () => {
    const named = { from: 'a@b', sizeBytes: 12, isEightBit: false, needsSmtpUtf8: false, envelopeId: 'a+b=c' };
    const dsn = parseCapabilities(['relay', 'DSN']);
    expect(mailCommand(named, dsn)).toBe('MAIL FROM:<a@b> RET=HDRS ENVID=a+2Bb+3Dc\r\n');
    expect(mailCommand(named, all)).toBe('MAIL FROM:<a@b> SIZE=12\r\n');
  });

  test.each(['', 'a b', 'a\r\nb', 'ä', 'a'.repeat(101)])('an envelope is never named %j', (envelopeId) => {
    expect(() => assertEnvelope({ from: 'a@b', to: ['c@d'], envelopeId })).toThrow('not an envelope id');
  });
});

test('an address beyond ASCII needs SMTPUTF8 though the message does not say so', () => {
  const transaction = { from: 'a@b.test', to: ['c@d.test'], smtpUtf8: false, body: Buffer.of() };
  expect(needsSmtpUtf8(transaction)).toBe(false);
  expect(needsSmtpUtf8({ ...transaction, smtpUtf8: true })).toBe(true);
  expect(needsSmtpUtf8({ ...transaction, from: 'ä@b.test' })).toBe(true);
  expect(needsSmtpUtf8({ ...transaction, to: ['c@d.test', 'ö@d.test'] })).toBe(true);
});
