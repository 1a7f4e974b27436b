// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createPrivateKey } from 'node:crypto';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import PostalMime from 'postal-mime';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { isHeldFile } from '../attachments/uploaded-file.ts';
import { checkContent } from '../entities/message/check-content.ts';
import { ANY_ATTACHMENT } from '../entities/message/drafted-file.case.ts';
import { type MessageInput, messageInput } from '../entities/message/message.schema.ts';
import { parseStoredContent } from '../entities/message/stored-content.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import { bytesOf, failAt, TestSource } from '../smtp/byte-source.case.ts';
import type { MailContent } from '../smtp/compose/content.ts';
import type { DkimSigningKey } from '../smtp/compose/dkim.ts';
import { dkimRecord, generateDkimKey } from '../smtp/compose/dkim-key.ts';
import { composeMessage } from './compose-message.ts';

const NOW = Date.UTC(2026, 0, 1);

const MESSAGE: ClaimedMessage = {
  pk: '0198c0de-0000-7000-8000-000000000001',
  tenant_id: 'acme',
  id: 'invitation-1',
  account_pk: 'a',
  owner_session: 1,
  priority: 2,
  rank: NOW,
  eligible_at: NOW,
  attempts: 0,
  batch_code: null,
  message_id: '<0198c0de-0000-7000-8000-000000000001@acme.example>',
  expires_at: null,
  on_in_doubt: 'retry',
  units: 2,
  created_at: NOW + 999,
};

const INPUT: MessageInput = {
  from: 'Società Acme <zoë@acme.example>',
  to: 'Die Küche: Bob <bob@bücher.example>, cid@example.org;',
  cc: ['undisclosed-recipients:;'],
  bcc: 'Quiet: eve@example.org;',
  subject: 'Perché no?',
  text: 'Ciao',
  html: '<p>Ciao <img src="cid:logo@acme">',
  calendar: { method: 'REQUEST', content: 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n' },
  list_unsubscribe: { url: 'https://acme.example/u', one_click: true },
  attachments: [
    { filename: 'ü.pdf', storage_path: 'base64:JVBERg==' },
    { filename: 'logo.png', storage_path: 'base64:aGk=', content_id: 'logo@acme' },
  ],
};

function stored(input: MessageInput) {
  const result = checkContent(v.parse(messageInput, input), '', {
    maxRecipients: 10,
    attachmentRules: ANY_ATTACHMENT,
    now: NOW,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { content, attachments } = result.checked;
  return {
    stored: parseStoredContent(JSON.stringify(content)),
    attachments: attachments.map(({ content: file, ...attachment }) => {
      if (file === null || isHeldFile(file) || file.bytes === null) throw new Error('base64 is decoded');
      return { ...attachment, bytes: file.bytes };
    }),
    detached: [],
  };
}

/** The message of an attempt, all of it in memory. */
async function wireOf(...parameters: Parameters<typeof composeMessage>) {
  const { body, ...others } = await composeMessage(...parameters);
  if (!Buffer.isBuffer(body)) throw new Error('a message without sources is one buffer');
  return { ...others, bytes: body };
}

const unchanged = (content: MailContent): MailContent => content;

test('what a client posted is what a reader finds, and nothing of bcc', async () => {
  const wire = await wireOf(MESSAGE, stored(INPUT), unchanged, []);
  expect(wire.from).toBe('zoë@acme.example');
  expect(wire.needsSmtpUtf8).toBe(true);
  expect(wire.bytes.toString()).not.toMatch(/eve@|Quiet/);
  const email = await PostalMime.parse(wire.bytes);
  expect(email).toMatchObject({
    from: { name: 'Società Acme', address: 'zoë@acme.example' },
    to: [
      {
        name: 'Die Küche',
        group: [
          { name: 'Bob', address: 'bob@xn--bcher-kva.example' },
          { name: '', address: 'cid@example.org' },
        ],
      },
    ],
    cc: [{ name: 'undisclosed-recipients', group: [] }],
    subject: 'Perché no?',
    text: 'Ciao\n',
    html: '<p>Ciao <img src="cid:logo@acme">\n',
    messageId: MESSAGE.message_id,
  });
  expect(
    email.attachments.map(({ filename, mimeType, method, related }) => [filename, mimeType, method, related]),
  ).toEqual([
    ['logo.png', 'image/png', undefined, true],
    [null, 'text/calendar', 'REQUEST', undefined],
    ['ü.pdf', 'application/pdf', undefined, undefined],
  ]);
  expect(email.headers.find(({ key }) => key === 'x-genro-mail-id')?.value).toBe('invitation-1');
});

test('what was taken out of it is shown to mixins, and no part of what is sent', async () => {
  const link = {
    mixin: 'links',
    filename: 'film.mp4',
    mimeType: 'video/mp4',
    data: { url: 'https://files.example/f' },
  };
  const composing = (content: MailContent): MailContent => ({
    ...content,
    text: `${content.text} ${JSON.stringify(content.detached)}`,
  });
  const wire = await wireOf(MESSAGE, { ...stored(INPUT), detached: [link] }, composing, []);
  const email = await PostalMime.parse(wire.bytes);
  expect(email.text).toBe(`Ciao ${JSON.stringify([link])}\n`);
  expect(email.attachments.map(({ filename }) => filename)).toEqual(['logo.png', null, 'ü.pdf']);
});

function keyOf({ algorithm, pem }: Awaited<ReturnType<typeof generateDkimKey>>): DkimSigningKey {
  return { domain: 'acme.example', selector: 's', algorithm, privateKey: createPrivateKey(pem) };
}

test('the signature covers what the mixins made of it, and is the same at each attempt', async () => {
  const made = await generateDkimKey('rsa');
  const key = keyOf(made);
  const composing = (content: MailContent): MailContent => ({ ...content, text: `${content.text}, changed` });
  const send = async (attempts: number): Promise<Buffer> =>
    (await wireOf({ ...MESSAGE, attempts }, stored(INPUT), composing, [key])).bytes;
  const bytes = await send(0);
  expect((await PostalMime.parse(bytes)).text).toBe('Ciao, changed\n');
  expect(bytes.toString()).toContain(` t=${NOW / 1_000};`);
  const { results } = await dkimVerify(bytes, { resolver: async () => [[dkimRecord(made)]] });
  expect(results.map(({ status, signingDomain }) => [status.result, status.aligned, signingDomain])).toEqual([
    ['pass', 'acme.example', 'acme.example'],
  ]);
  expect((await send(3)).equals(bytes)).toBe(true);
});

test('a file that is a source is not read for composing, and once for the signature', async () => {
  const made = await generateDkimKey('rsa');
  const key = keyOf(made);
  const source = new TestSource(Buffer.from('%PDF'));
  const { stored: content, attachments } = stored(INPUT);
  const [file, ...others] = attachments;
  const loaded = { stored: content, attachments: [{ ...file!, bytes: source }, ...others], detached: [] };
  const unsigned = await composeMessage(MESSAGE, loaded, unchanged, []);
  expect(source.readings).toBe(0);
  const signed = await composeMessage(MESSAGE, loaded, unchanged, [key]);
  expect(source.readings).toBe(1);
  const inMemory = await wireOf(MESSAGE, stored(INPUT), unchanged, [key]);
  expect((await bytesOf(signed.body)).equals(inMemory.bytes)).toBe(true);
  expect(inMemory.bytes.subarray(-unsigned.body.byteLength).equals(await bytesOf(unsigned.body))).toBe(true);
  expect({ ...signed, body: null }).toEqual({ from: inMemory.from, needsSmtpUtf8: true, body: null });
});

test('a message without sources is composed and signed without a promise', () => {
  expect(composeMessage(MESSAGE, stored(INPUT), unchanged, [])).not.toBeInstanceOf(Promise);
});

test('a source that cannot be read for the signature fails the composing with its own error', async () => {
  const made = await generateDkimKey('ed25519');
  const key = { domain: 'acme.example', selector: 's', ...made, privateKey: createPrivateKey(made.pem) };
  const failed = new Error('the disk is gone');
  const source = new TestSource(Buffer.alloc(1_000), { pieceBytes: 100, beforePiece: (at) => failAt(at, 300, failed) });
  const { stored: content, attachments } = stored(INPUT);
  const loaded = { stored: content, attachments: [{ ...attachments[0]!, bytes: source }], detached: [] };
  await expect(composeMessage(MESSAGE, loaded, unchanged, [key])).rejects.toBe(failed);
  expect(source.open).toBe(0);
});

test('a message that came complete is shown to no mixin', async () => {
  const { stored: content, attachments } = stored({ ...INPUT, attachments: [] });
  const [body] = stored(INPUT).attachments;
  const raw = { head: 'From: ä@acme.example\r\n', isAscii: true };
  const composing = (): never => {
    throw new Error('nobody asks');
  };
  const loaded = {
    stored: { ...content, raw },
    attachments: [...attachments, { ...body!, bytes: Buffer.from('.\r\n') }],
    detached: [],
  };
  const wire = await wireOf(MESSAGE, loaded, composing, []);
  expect([wire.bytes.toString(), wire.needsSmtpUtf8]).toEqual(['From: ä@acme.example\r\n\r\n.\r\n', true]);
});
