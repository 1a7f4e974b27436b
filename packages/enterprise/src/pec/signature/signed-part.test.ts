// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signedPart } from './signed-part.ts';

const CONTENT = 'Content-Type: text/plain\r\n\r\nGuten Tag.\r\n';
const SIGNATURE = 'Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAG\r\nCSqG';
const TYPE = 'multipart/signed; protocol="application/pkcs7-signature"; boundary="cut"';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const between = (...parts: readonly string[]): string =>
  `${parts.map((part) => `--cut\r\n${part}\r\n`).join('')}--cut--\r\n`;
const mail = (type: string, body: string): Buffer => bytes(`Subject: x\r\nContent-Type: ${type}\r\n\r\n${body}`);
const contentOf = (raw: Buffer): string | null => {
  const part = signedPart(raw);
  return part === null
    ? null
    : bytes(CONTENT).equals(part.content)
      ? CONTENT
      : Buffer.from(part.content).toString('latin1');
};

describe('the signed part', () => {
  test('is what stands between the first two delimiters, without the line end before the second', () => {
    const part = signedPart(mail(TYPE, between(CONTENT, SIGNATURE)));
    expect(Buffer.from(part?.content ?? []).toString('latin1')).toBe(CONTENT);
    expect(Buffer.from(part?.signature ?? []).toString('base64')).toBe('MIAGCSqG');
  });

  test.each([
    ['a quoted boundary of odd characters', `${TYPE.slice(0, -5)}"=_(c)?:x"`, '=_(c)?:x'],
    ['an unquoted one', `${TYPE.slice(0, -5)}cut`, 'cut'],
    ['a folded header', `multipart/signed;\r\n\tprotocol=application/x-pkcs7-signature;\r\n boundary="cut"`, 'cut'],
    ['parameters in capitals', 'Multipart/Signed; PROTOCOL="Application/PKCS7-Signature"; BOUNDARY=cut', 'cut'],
    ['a comment', 'multipart/signed (yes); protocol="application/pkcs7-signature"; boundary=cut (here)', 'cut'],
    ['a boundary that begins like its delimiter', `${TYPE.slice(0, -5)}"----B94F"`, '----B94F'],
  ])('is found by %s', (_name, type, boundary) => {
    expect(contentOf(mail(type, between(CONTENT, SIGNATURE).replaceAll('--cut', `--${boundary}`)))).toBe(CONTENT);
  });

  test('has nothing of what stands before the first and after the last delimiter', () => {
    const body = `This is signed.\r\n\r\n${between(CONTENT, SIGNATURE)}\r\nBye.\r\n--cut\r\nmore\r\n`;
    expect(contentOf(mail(TYPE, body))).toBe(CONTENT);
  });

  test('ends at a delimiter that is a line of its own, with white space after it, and no other', () => {
    const tricky = `${CONTENT}--cutter\r\n --cut\r\nx--cut\r\n--cut-\r\n`;
    const body = `--cut  \r\n${tricky}\r\n--cut\t\r\n${SIGNATURE}\r\n--cut-- \r\n`;
    expect(contentOf(mail(TYPE, body))).toBe(tricky);
  });

  test('keeps its bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (content) => {
        const text = Buffer.from(content).toString('latin1');
        fc.pre(!text.includes('--cut'));
        expect(Buffer.from(signedPart(mail(TYPE, between(text, SIGNATURE)))?.content ?? [])).toEqual(
          Buffer.from(content),
        );
      }),
    );
  });

  test('is found where lines end with LF, and keeps them', () => {
    const lf = mail(TYPE, between(CONTENT, SIGNATURE)).toString('latin1').replaceAll('\r\n', '\n');
    expect(contentOf(bytes(lf))).toBe(CONTENT.replaceAll('\r\n', '\n'));
  });

  test('is found where the last delimiter ends the mail, or is missing', () => {
    expect(contentOf(mail(TYPE, between(CONTENT, SIGNATURE).replace('--cut--', '')))).toBe(CONTENT);
    expect(contentOf(bytes(mail(TYPE, between(CONTENT, SIGNATURE)).toString('latin1').trimEnd()))).toBe(CONTENT);
  });
});

describe('no signed part has', () => {
  test.each([
    ['mail of another type', mail('multipart/mixed; boundary="cut"', between(CONTENT, SIGNATURE))],
    ['one signed with OpenPGP', mail(TYPE.replace('pkcs7', 'pgp'), between(CONTENT, SIGNATURE))],
    ['one without a protocol', mail('multipart/signed; boundary="cut"', between(CONTENT, SIGNATURE))],
    [
      'one without a boundary',
      mail('multipart/signed; protocol="application/pkcs7-signature"', between(CONTENT, SIGNATURE)),
    ],
    ['one with two Content-Types', bytes(`Content-Type: text/plain\r\n${mail(TYPE, between(CONTENT, SIGNATURE))}`)],
    ['one without a signature', mail(TYPE, between(CONTENT))],
    ['one whose second part is something else', mail(TYPE, between(CONTENT, CONTENT))],
    [
      'one whose signature is encoded in another way',
      mail(TYPE, between(CONTENT, SIGNATURE.replace('base64', 'x-uuencode'))),
    ],
    ['one with a third part', mail(TYPE, between(CONTENT, SIGNATURE, CONTENT))],
    ['one with a hundred parts', mail(TYPE, between(...Array.from({ length: 100 }, () => CONTENT)))],
    ['one that is cut off', mail(TYPE, between(CONTENT, SIGNATURE).slice(0, 30))],
    ['one that has no body', bytes(`Content-Type: ${TYPE}`)],
    [
      'one that is signed further in',
      mail('multipart/mixed; boundary="o"', `--o\r\n${mail(TYPE, between(CONTENT, SIGNATURE))}\r\n--o--`),
    ],
    ['nothing', Buffer.alloc(0)],
  ])('%s', (_name, raw) => {
    expect(signedPart(raw)).toBeNull();
  });
});

test('long hostile mails are done with soon', () => {
  const million = 1_000_000;
  const hostile = [
    mail(TYPE, '--cut'.repeat(million)),
    mail(TYPE, '\r\n--cutx'.repeat(million)),
    mail(TYPE, `--cut\r\n${`--cut${' '.repeat(1000)}x\r\n`.repeat(2_000)}`),
    mail(TYPE, '\n'.repeat(million)),
    bytes('\r\n'.repeat(million)),
    bytes('a: b\r\n'.repeat(million)),
    mail(`${TYPE}; x="${'\\"('.repeat(million)}`, between(CONTENT, SIGNATURE)),
    mail(`multipart/signed; ${'x; '.repeat(million)}`, between(CONTENT, SIGNATURE)),
    mail(TYPE.replace('cut', '-'.repeat(100)), '-'.repeat(5 * million)),
  ];
  // A search that goes back for each line would need hours, and meet the limit of the test.
  expect(hostile.map(signedPart).filter((part) => part !== null)).toHaveLength(1);
});

test('any bytes are taken without an error', () => {
  const head = fc.constantFrom('', `Content-Type: ${TYPE}\r\n\r\n`, `Content-Type: ${TYPE}\n\n--cut\n`);
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 2_000 }), (start, rest) => {
      expect(() => signedPart(Buffer.concat([bytes(start), rest]))).not.toThrow();
    }),
    { numRuns: 2_000 },
  );
});
