// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { describe, expect, test } from 'vitest';
import { bytesOf, TestSource } from '../byte-source.case.ts';
import { streamedBody } from '../message-body.ts';
import { content } from './any-content.case.ts';
import { compose } from './compose.ts';
import { composeBytes, expectCleanWire, PLAIN_CONTENT } from './composed-message.case.ts';
import type { MailContent } from './content.ts';
import { type DkimSigningKey, signDkim, signStreamedDkim } from './dkim.ts';
import { type DkimKeyMaterial, dkimRecord, generateDkimKey } from './dkim-key.ts';
import { listUnsubscribeFields } from './list-unsubscribe.ts';

const AT = 1_770_000_000;
const DOMAIN = 'mail.acme.example';

const rsa = await generateDkimKey('rsa');
const ed25519 = await generateDkimKey('ed25519');
const PUBLISHED: Readonly<Record<string, DkimKeyMaterial>> = {
  [`r1._domainkey.${DOMAIN}`]: rsa,
  [`e1._domainkey.${DOMAIN}`]: ed25519,
};
const signingKey = (selector: string, { algorithm, pem }: DkimKeyMaterial): DkimSigningKey => ({
  domain: DOMAIN,
  selector,
  algorithm,
  privateKey: createPrivateKey(pem),
});
const KEYS = [signingKey('r1', rsa), signingKey('e1', ed25519)];

/** What an independent verifier says of each signature. */
async function verify(message: Buffer): Promise<readonly string[]> {
  const { results } = await dkimVerify(message, {
    resolver: async (name) => {
      const key = PUBLISHED[name];
      return key === undefined ? [] : [[dkimRecord(key)]];
    },
  });
  return results.map(({ status }) => status.result).sort();
}

/** The long form: GMP_DKIM_MAILS=1000 */
const COUNT = Number(process.env['GMP_DKIM_MAILS'] ?? 60);

/** The same mails in every run, each with fields that are signed where they are present. */
const MAILS: readonly MailContent[] = fc.sample(content, { numRuns: COUNT, seed: 20_260_203 }).map((mail, index) => ({
  ...mail,
  from: { ...mail.from, address: index % 5 === 0 ? `zoë@${DOMAIN}` : `a@${DOMAIN}` },
  headers: [
    ...mail.headers,
    ...(index % 3 === 0
      ? listUnsubscribeFields({ url: 'https://e.example/u', mailto: 'u@e.example', isOneClick: true })
      : []),
  ],
}));

const sign = (mail: MailContent): Buffer => signDkim(composeBytes(mail).bytes, KEYS, AT);

/** The one that Debian's packages are for. */
const PYTHON = '/usr/bin/python3';

/** What dkimpy, of Debian's python3-dkim, says of each signature; null where it is not installed. */
function verifyByDkimpy(messages: readonly Buffer[]): readonly (readonly boolean[])[] | null {
  if (spawnSync(PYTHON, ['-c', 'import dkim, nacl']).status !== 0) return null;
  const script = fileURLToPath(new URL('../../../test/dkim-verifier.py', import.meta.url));
  const records = Object.fromEntries(Object.entries(PUBLISHED).map(([name, key]) => [name, dkimRecord(key)]));
  const input = [JSON.stringify(records), ...messages.map((message) => message.toString('base64')), ''].join('\n');
  const { stdout, stderr, status } = spawnSync(PYTHON, [script], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The message with one octet of its header or body changed for another. */
function altered(message: Buffer, at: number): Buffer {
  const copy = Buffer.from(message);
  copy[at] = copy[at] === 0x41 ? 0x42 : 0x41;
  return copy;
}

describe('signDkim', () => {
  test('an independent verifier accepts both signatures of many kinds of mail', { timeout: 600_000 }, async () => {
    for (const mail of MAILS) expect(await verify(sign(mail))).toEqual(['pass', 'pass']);
  });

  test('so does another, in another language, and refuses one with another word in it', {
    timeout: 600_000,
  }, (context) => {
    const signed = MAILS.map(sign);
    const forged = MAILS.map((mail) => sign({ ...mail, text: 'some text' })).map((message) =>
      altered(message, message.indexOf('some text')),
    );
    const verdicts = verifyByDkimpy([...signed, ...forged]);
    if (verdicts === null) return context.skip('no python3-dkim with python3-nacl is installed');
    expect(verdicts).toEqual([...signed.map(() => [true, true]), ...forged.map(() => [false, false])]);
  });

  test('a changed body, subject, recipient or way to unsubscribe breaks them', { timeout: 600_000 }, async () => {
    for (const mail of MAILS) {
      const subject = `${mail.subject} x`;
      const signed = sign({ ...mail, subject, text: 'some text', to: [{ name: '', address: 'x@example.com' }] });
      const head = signed.indexOf('\r\n\r\n') + 4;
      const places = [
        signed.indexOf('\r\nSubject: ') + '\r\nSubject: '.length,
        signed.indexOf('\r\nTo: ') + '\r\nTo: '.length,
        signed.indexOf('\r\nDate: ') + '\r\nDate: '.length,
        signed.indexOf('some text', head),
        ...(signed.includes('\r\nList-Unsubscribe-Post: ') ? [signed.indexOf('=One-Click') + 1] : []),
      ];
      for (const at of places) expect(await verify(altered(signed, at)), `octet ${at}`).not.toContain('pass');
    }
  });

  test('a second From above or below the first breaks them', async () => {
    const signed = sign({ ...PLAIN_CONTENT, from: { name: '', address: `a@${DOMAIN}` } }).toString();
    for (const line of ['Date: ', 'Subject: ']) {
      const forged = signed.replace(`\r\n${line}`, `\r\nFrom: eve@evil.example\r\n${line}`);
      expect(forged).not.toBe(signed);
      expect(await verify(Buffer.from(forged))).not.toContain('pass');
    }
  });

  test('what relays may change leaves them whole', async () => {
    const signed = sign({ ...PLAIN_CONTENT, from: { name: '', address: `a@${DOMAIN}` }, text: 'a  b \n\nc\n\n' });
    const split = signed.indexOf('\r\n\r\n');
    const [head, body] = [signed.toString('utf8', 0, split), signed.toString('utf8', split + 4)];
    const relayed = [
      'Received: by relay.example; Tue, 3 Feb 2026 04:05:06 +0000',
      head.replace('\r\nSubject: ', '\r\nSUBJECT:\r\n   ').replace('\r\nTo: Mario ', '\r\nTo:  Mario\r\n\t'),
      '',
      `${body}\r\n\r\n`,
    ].join('\r\n');
    expect(await verify(Buffer.from(relayed))).toEqual(['pass', 'pass']);
  });

  test('the message behind the signatures is the same, and so is the whole at each attempt', () => {
    for (const mail of MAILS) {
      const { bytes, smtpUtf8 } = composeBytes(mail);
      const signed = sign(mail);
      expect(signed.subarray(-bytes.length).equals(bytes)).toBe(true);
      expect(sign(structuredClone(mail)).equals(signed)).toBe(true);
      expectCleanWire(signed, smtpUtf8);
    }
  });

  test('a signature names what it covers', () => {
    const signed = signDkim(
      composeBytes({
        ...PLAIN_CONTENT,
        cc: PLAIN_CONTENT.to,
        replyTo: PLAIN_CONTENT.to,
        headers: [
          ['X-Other', 'not signed'],
          ...listUnsubscribeFields({ url: 'https://e.example/', mailto: null, isOneClick: true }),
        ],
      }).bytes,
      [signingKey('e1', ed25519)],
      AT,
    ).toString();
    const field = signed.slice(0, signed.indexOf('\r\nDate: ')).replace(/\r\n[ ]+/g, ' ');
    const tag = (name: string) => new RegExp(`[ ;]${name}=([^;]*)`).exec(field)?.[1]?.replaceAll(' ', '');
    expect(tag('h')?.split(':').sort()).toEqual([
      'cc',
      'content-transfer-encoding',
      'content-type',
      'date',
      'from',
      'from',
      'list-unsubscribe',
      'list-unsubscribe-post',
      'message-id',
      'mime-version',
      'reply-to',
      'subject',
      'to',
    ]);
    expect([tag('v'), tag('a'), tag('c'), tag('d'), tag('s'), tag('t')]).toEqual([
      '1',
      'ed25519-sha256',
      'relaxed/relaxed',
      DOMAIN,
      'e1',
      `${AT}`,
    ]);
  });

  test('without keys the message stays as it is', () => {
    const { bytes } = composeBytes(PLAIN_CONTENT);
    expect(signDkim(bytes, [], AT)).toBe(bytes);
  });

  test('what is no message is a bug of the caller', () => {
    expect(() => signDkim(Buffer.from('From: a@b\r\n'), KEYS, AT)).toThrow(TypeError);
  });
});

describe('signStreamedDkim', () => {
  const octets = Buffer.alloc(300_000, 'octets that no line of base64 ends with ');
  const file = { filename: 'a.bin', mimeType: 'a/b', disposition: 'attachment', contentId: null } as const;
  const mail = { ...PLAIN_CONTENT, from: { name: '', address: `a@${DOMAIN}` }, text: 'a  b \n\nc\n\n' };
  const streamed = (bytes: TestSource) => {
    const { body } = compose({ ...mail, attachments: [{ ...file, bytes }] });
    if (Buffer.isBuffer(body)) throw new Error('a message with a source is streamed');
    return body;
  };

  test('a streamed message is signed as the same message in memory, and an independent verifier accepts it', async () => {
    const source = new TestSource(octets, { pieceBytes: 57 * 460 });
    const signed = await signStreamedDkim(streamed(source), KEYS, AT);
    expect(source).toMatchObject({ readings: 1, open: 0 });
    const bytes = await bytesOf(signed);
    expect(signed.byteLength).toBe(bytes.length);
    expect(bytes.equals(sign({ ...mail, attachments: [{ ...file, bytes: octets }] }))).toBe(true);
    expect(await verify(bytes)).toEqual(['pass', 'pass']);
    const head = bytes.indexOf('\r\n\r\n') + 4;
    expect(await verify(altered(bytes, bytes.indexOf('b2N0ZXRz', head)))).not.toContain('pass');
  });

  test('without keys nothing is read', async () => {
    const source = new TestSource(octets);
    const body = streamed(source);
    expect(await signStreamedDkim(body, [], AT)).toBe(body);
    expect(source.readings).toBe(0);
  });

  test('a message that starts with a source is a bug of the caller', async () => {
    await expect(signStreamedDkim(streamedBody([new TestSource(octets)]), KEYS, AT)).rejects.toThrow(TypeError);
  });
});
