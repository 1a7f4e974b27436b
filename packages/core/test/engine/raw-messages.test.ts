// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { createHash, randomBytes } from 'node:crypto';
import { type SinkMessage, startSmtpSink } from '@mail-proxy/testkit';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { addAccount, historyUntil, messageOf, openWorld } from './engine-world.case.ts';

/** As S/MIME signs: the first part is covered to the last octet. */
const SIGNED = [
  'From: =?utf-8?q?J=C3=B6rg?= <joerg@acme.example>',
  'To: Ann <ann@example.org>,',
  ' Team: bob@example.org, carol@example.org;',
  'Cc: dave@example.org',
  'Subject: =?iso-8859-1?q?Vertr=E4ge?=',
  ' of 2026',
  'Date: Mon, 1 Jan 2024 10:00:00 +0100',
  'Message-ID: <its-own@acme.example>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256;',
  '\tboundary="b"',
  '',
  'A preamble.',
  '--b',
  'Content-Type: text/plain; charset=utf-8; format=flowed',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '.a line with a dot, spaces   =20',
  'and =C3=A4  ',
  '--b',
  'Content-Type: application/pkcs7-signature; name=smime.p7s',
  'Content-Transfer-Encoding: base64',
  '',
  'MIIB',
  '--b--',
  'An epilogue.',
  '',
].join('\r\n');

/** Head and body of what a relay took. */
function partsOf({ raw }: SinkMessage): readonly [head: string, body: string] {
  const text = raw.toString('latin1');
  const at = text.indexOf('\r\n\r\n');
  return [text.slice(0, at + 2), text.slice(at + 4)];
}

async function openRaw() {
  const sink = await startSmtpSink();
  const world = await openWorld();
  await addAccount(world, sink);
  return {
    world,
    sink,
    submit: (raw: string | Uint8Array | Blob, fields: object = {}) =>
      world.engine.submit([{ id: 'm1', raw: typeof raw === 'string' ? Buffer.from(raw) : raw, ...fields }]),
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await sink[Symbol.asyncDispose]();
    },
  };
}

describe('a message that comes complete', () => {
  test('arrives byte for byte, with the field of ours in front', async () => {
    await using open = await openRaw();
    expect(await open.submit(SIGNED)).toMatchObject({ accepted: 1 });
    const [message] = await open.sink.waitFor(1);
    expect(message?.raw.toString()).toBe(`X-Genro-Mail-ID: m1\r\n${SIGNED}`);
    expect([message?.from, message?.to]).toEqual([
      'joerg@acme.example',
      ['ann@example.org', 'bob@example.org', 'carol@example.org', 'dave@example.org'],
    ]);
    await historyUntil(open.world, 'm1', 'sent');
    expect(await messageOf(open.world, 'm1')).toMatchObject({
      from: 'joerg@acme.example',
      subject: 'Verträge of 2026',
      message_id: '<its-own@acme.example>',
      attachments: [],
    });
  });

  test('is sent to whom and from whom the client says, whatever its header has', async () => {
    await using open = await openRaw();
    const head = 'From: a@acme.example\r\nTo: not an address\r\nBcc: secret@example.org\r\n';
    await open.submit(`${head}\r\nHi\r\n`, {
      to: 'eve@example.org, fay@example.org',
      return_path: 'bounces@acme.example',
    });
    const [message] = await open.sink.waitFor(1);
    expect([message?.from, message?.to]).toEqual(['bounces@acme.example', ['eve@example.org', 'fay@example.org']]);
    expect(message?.raw.toString()).not.toContain('secret');
    expect(message?.raw.toString()).toContain('To: not an address\r\n');
  });

  test('is served to its Bcc without naming it, and is given what a message must have', async () => {
    await using open = await openRaw();
    await open.submit('From: a@acme.example\nBcc: bob@example.org\nX-Genro-Mail-ID: forged\nReturn-Path: <x@y>\n\nHi');
    const [message] = await open.sink.waitFor(1);
    expect(message?.to).toEqual(['bob@example.org']);
    const [head, body] = partsOf(message!);
    expect(head).toMatch(
      /^Date: .*\r\nMessage-ID: <[\w-]+@acme\.example>\r\nX-Genro-Mail-ID: m1\r\nFrom: a@acme\.example\r\n$/,
    );
    expect(body).toBe('Hi\r\n');
  });

  test('has the body that came, with CRLF at the end of its lines', async () => {
    await using open = await openRaw();
    const line = fc.uint8Array({ min: 1, max: 255, maxLength: 300 });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 4 }), async (lines) => {
        number += 1;
        const body = Buffer.concat(lines);
        const fields = `From: a@acme.example\r\nTo: b@example.org\r\nMessage-ID: <n${number}@acme.example>\r\n\r\n`;
        await open.submit(Buffer.concat([Buffer.from(fields), body]), { id: `n${number}` });
        const message = await open.sink.waitFor(({ messageId }) => messageId === `<n${number}@acme.example>`);
        const expected = body.toString('latin1').replaceAll(/\r\n|\r|\n/g, '\r\n');
        const [, received] = partsOf(message);
        expect(received).toBe(expected === '' || expected.endsWith('\r\n') ? expected : `${expected}\r\n`);
      }),
      { numRuns: 40, examples: [[[]]] },
    );
  });

  test('that is large is signed and sent piece by piece, the same', async () => {
    await using open = await openRaw();
    const key = await open.world.engine.execute('dkim-keys.create', {
      domain: 'acme.example',
      selector: 's',
      generate: 'ed25519',
    });
    const lines = randomBytes(2_250_000).toString('base64').replaceAll(/.{76}/g, '$&\r\n');
    await open.submit(new Blob([SIGNED, lines, '\r\n']));
    const [message] = await open.sink.waitFor(1);
    const raw = message?.raw ?? Buffer.alloc(0);
    expect(raw.toString()).toMatch(/^DKIM-Signature: /);
    expect(digest(raw.subarray(raw.indexOf('\r\n\r\n')))).toBe(digest(`\r\n\r\n${bodyOf(SIGNED)}${lines}\r\n`));
    const { results } = await dkimVerify(raw, {
      resolver: async () => [[Object(key).dns_value]],
    });
    expect(results.map(({ status }) => status.result)).toEqual(['pass']);
  });

  test('with octets beyond ASCII goes where 8BITMIME is offered, and to no other relay', async () => {
    await using sink = await startSmtpSink({ hide: ['8BITMIME'] });
    await using world = await openWorld();
    await addAccount(world, sink);
    const raw = Buffer.from('From: a@acme.example\r\nTo: b@example.org\r\n\r\nGrüße\r\n');
    await world.engine.submit([{ id: 'm1', raw }]);
    await historyUntil(world, 'm1', 'error');
    await using other = await startSmtpSink();
    await addAccount(world, other, { id: 'other' });
    await world.engine.submit([{ id: 'm2', raw, account_id: 'other' }]);
    const [message] = await other.waitFor(1);
    expect((await PostalMime.parse(message?.raw ?? '')).text).toBe('Grüße\n');
    expect(sink.messages).toEqual([]);
  });

  test.each<readonly [what: string, raw: string, pointer: string]>([
    ['without a sender', 'To: b@example.org\n\nHi', 'from'],
    ['with two senders', 'From: a@x.example\nFrom: b@x.example\nTo: b@example.org\n\nHi', 'from'],
    ['with two in one', 'From: a@x.example, b@x.example\nTo: b@example.org\n\nHi', 'from'],
    ['with a wrong recipient', 'From: a@x.example\nTo: b\n\nHi', 'to'],
    ['without a recipient', 'From: a@x.example\nTo: Nobody:;\n\nHi', 'to'],
    ['without a header', '\nHi', 'raw'],
    ['that is empty', '', 'raw'],
    ['that is no message', 'Hi there\n\nHi', 'raw'],
    ['that begins within a field', ' folded\nFrom: a@x.example\n\nHi', 'raw'],
    ['with NUL', 'From: a@x.example\nTo: b@example.org\n\nH\0', 'raw'],
    ['with a long line', `From: a@x.example\nTo: b@example.org\n\n${'x'.repeat(999)}`, 'raw'],
    ['with a long header', `From: a@x.example\n${'X: y\n'.repeat(60_000)}\nHi`, 'raw'],
    ['with a header that has no end', `From: a@x.example\n${'X: y\n'.repeat(60_000)}`, 'raw'],
  ])('%s is refused', async (_, raw, pointer) => {
    await using open = await openRaw();
    await expect(open.submit(raw)).rejects.toMatchObject({
      code: 'invalid_input',
      problems: [{ pointer: `/messages/0/${pointer}` }],
    });
  });

  test('in Latin-1 or too large is refused', async () => {
    await using open = await openRaw();
    const latin1 = Buffer.from('From: a@x.example\nSubject: \xe4\n\nHi', 'latin1');
    await expect(open.submit(latin1)).rejects.toMatchObject({ problems: [{ pointer: '/messages/0/raw' }] });
    await expect(open.submit(Buffer.alloc(52_428_801, 'a'))).rejects.toMatchObject({
      problems: [{ pointer: '/messages/0/raw', message: 'expected at most 52428800 bytes, got 52428801' }],
    });
  });
});

function bodyOf(message: string): string {
  return message.slice(message.indexOf('\r\n\r\n') + 4);
}

function digest(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
