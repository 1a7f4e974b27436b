// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { isHeldFile } from '../../attachments/uploaded-file.ts';
import { checkContent } from './check-content.ts';
import type { CheckedAttachment } from './draft-attachment.ts';
import { ANY_ATTACHMENT } from './drafted-file.case.ts';
import { type MessageInput, messageInput } from './message.schema.ts';

const MESSAGE: MessageInput = { from: 'ann@example.org', to: 'bob@example.org', subject: 'Hello', text: 'Hi' };

const NOW = Date.UTC(2026, 0, 1);
const at = (ms: number): string => new Date(NOW + ms).toISOString();

function check(changes: Partial<MessageInput>, base = '', maxRecipients = 10) {
  return checkContent(v.parse(messageInput, { ...MESSAGE, ...changes }), base, {
    maxRecipients,
    attachmentRules: ANY_ATTACHMENT,
    now: NOW,
  });
}

function pointersOf(changes: Partial<MessageInput>, base = ''): string[] {
  const result = check(changes, base);
  return result.ok ? [] : result.problems.map(({ pointer }) => pointer);
}

function checked(changes: Partial<MessageInput>) {
  const result = check(changes);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.checked;
}

function bytesOf(file: CheckedAttachment | undefined): Uint8Array | null {
  return file?.content == null || isHeldFile(file.content) ? null : file.content.bytes;
}

const attachment = (changes: Partial<NonNullable<MessageInput['attachments']>[number]>) => ({
  attachments: [{ filename: 'a.txt', storage_path: 'base64:aGk=', ...changes }],
});

const invitation = (content: string, method: 'REQUEST' | 'CANCEL' = 'REQUEST') => ({ calendar: { method, content } });

const VCALENDAR = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n';

const INJECTION = 'x\r\nBcc: eve@example.org';

describe('each bad field is named', () => {
  const cases: readonly (readonly [string, Partial<MessageInput>, string])[] = [
    ['from that is no address', { from: 'nobody' }, '/from'],
    ['from with a line break', { from: `ann@example.org${INJECTION}` }, '/from'],
    ['two addresses in from', { from: 'ann@example.org, bob@example.org' }, '/from'],
    ['to that is no address', { to: 'nobody' }, '/to'],
    ['the second of to', { to: ['bob@example.org', 'nobody'] }, '/to/1'],
    ['cc', { cc: ['nobody'] }, '/cc/0'],
    ['bcc', { bcc: 'bob@example.org, nobody' }, '/bcc'],
    ['reply_to', { reply_to: 'nobody' }, '/reply_to'],
    ['no recipient at all', { to: [] }, '/to'],
    ['subject with a line break', { subject: INJECTION }, '/subject'],
    ['header value with a line break', { headers: { 'X-Id': INJECTION } }, '/headers/X-Id'],
    ['header name with a colon', { headers: { 'X:Id': '1' } }, '/headers/X:Id'],
    ['header name that a pointer escapes', { headers: { 'a/~\u00e9': '1' } }, '/headers/a~1~0\u00e9'],
    ['header that the engine writes itself', { headers: { From: 'eve@example.org' } }, '/headers/From'],
    ['message_id without brackets', { message_id: 'nonsense' }, '/message_id'],
    ['return_path', { return_path: 'nobody' }, '/return_path'],
    ['content_type without body', { content_type: 'html' }, '/content_type'],
    ['text and body', { body: 'Hi' }, '/body'],
    ['text with NUL', { text: 'a\0b' }, '/text'],
    ['HTML with NUL', { html: 'a\0b' }, '/html'],
    ['an invitation with NUL', invitation(`${VCALENDAR}\0`), '/calendar/content'],
    ['an invitation that is none', invitation('Come!'), '/calendar/content'],
    ['an invitation with another method', invitation(VCALENDAR, 'CANCEL'), '/calendar/content'],
    ['no way to unsubscribe', { list_unsubscribe: {} }, '/list_unsubscribe'],
    ['unsubscribing over http', { list_unsubscribe: { url: 'http://example.org/u' } }, '/list_unsubscribe/url'],
    [
      'unsubscribing at an address with a line break',
      { list_unsubscribe: { mailto: `u@example.org${INJECTION}` } },
      '/list_unsubscribe/mailto',
    ],
    [
      'one click by mail',
      { list_unsubscribe: { mailto: 'u@example.org', one_click: true } },
      '/list_unsubscribe/one_click',
    ],
    [
      'unsubscribing in two ways',
      { headers: { 'list-unsubscribe': '<x:y>' }, list_unsubscribe: { mailto: 'u@example.org' } },
      '/headers/list-unsubscribe',
    ],
    ['send_at that is past', { send_at: at(-60_001) }, '/send_at'],
    ['deferred_ts that is past', { deferred_ts: (NOW - 60_001) / 1_000 }, '/deferred_ts'],
    ['expires_at that is now', { expires_at: at(0) }, '/expires_at'],
    ['expires_at that is past', { send_at: at(-1), expires_at: at(-1_000) }, '/expires_at'],
    ['expires_at before send_at', { send_at: at(2_000), expires_at: at(2_000) }, '/expires_at'],
    ['expires_at before deferred_ts', { deferred_ts: NOW / 1_000 + 2, expires_at: at(1_000) }, '/expires_at'],
    ['a group without recipients', { to: 'undisclosed-recipients:;' }, '/to'],
    ['a group that is not closed', { to: ['ann@example.org', 'Team: bob@example.org'] }, '/to/1'],
    ['a member of a group', { cc: 'Team: bob@example.org, nobody;' }, '/cc'],
    ['a group in from', { from: 'Team: ann@example.org;' }, '/from'],
    ['attachment name with a path', attachment({ filename: '../a.txt' }), '/attachments/0/filename'],
    ['attachment type', attachment({ mime_type: 'nonsense' }), '/attachments/0/mime_type'],
    ['content id with a line break', attachment({ content_id: INJECTION }), '/attachments/0/content_id'],
    ['inline attachment without content id', attachment({ disposition: 'inline' }), '/attachments/0/content_id'],
    ['base64 with a foreign character', attachment({ storage_path: 'base64:a!b=' }), '/attachments/0/storage_path'],
    ['base64 of a single character', attachment({ storage_path: 'base64:aGkxa' }), '/attachments/0/storage_path'],
    ['base64 with padding inside', attachment({ storage_path: 'base64:aG=k' }), '/attachments/0/storage_path'],
    [
      'attachment from a place that is not open',
      attachment({ storage_path: '/closed' }),
      '/attachments/0/storage_path',
    ],
    ['attachment without a place', { attachments: [{ filename: 'a.txt' }] }, '/attachments/0/storage_path'],
    [
      'attachment that is too large',
      { attachments: [{ filename: 'a', content: new Uint8Array(1_001) }] },
      '/attachments/0/content',
    ],
    [
      'attachments that are too large together',
      { attachments: Array.from({ length: 3 }, () => ({ filename: 'a', content: new Uint8Array(900) })) },
      '/attachments',
    ],
    [
      'attachment with its bytes and a place',
      attachment({ content: new Uint8Array(1) }),
      '/attachments/0/storage_path',
    ],
    ['credentials for bytes', attachment({ auth: { method: 'none' } }), '/attachments/0/auth'],
    ['bytes of another hash', attachment({ content_md5: '0'.repeat(32) }), '/attachments/0/content_md5'],
    ['bytes of another SHA-256', attachment({ content_sha256: '0'.repeat(64) }), '/attachments/0/content_sha256'],
  ];
  test.each(cases)('%s', (_, changes, pointer) => {
    expect(pointersOf(changes)).toEqual([pointer]);
    expect(pointersOf(changes, '/messages/3')).toEqual([`/messages/3${pointer}`]);
  });

  test('all that is wrong is told at once', () => {
    expect(pointersOf({ from: 'nobody', to: ['nobody'], subject: INJECTION, body: 'x' })).toEqual([
      '/from',
      '/to/0',
      '/subject',
      '/body',
    ]);
  });

  test('more recipients than allowed', () => {
    const result = check({ to: ['a@example.org', 'b@example.org'], cc: 'c@example.org' }, '', 2);
    expect(result).toMatchObject({ ok: false, problems: [{ pointer: '/to' }] });
    expect(check({ to: 'T: a@example.org, b@example.org;', bcc: 'T: c@example.org;' }, '', 2)).toMatchObject({
      ok: false,
      problems: [{ pointer: '/to' }],
    });
  });

  test('a calendar method that mail has not', () => {
    const parsed = v.safeParse(messageInput, { ...MESSAGE, calendar: { method: 'ADD', content: VCALENDAR } });
    expect(parsed.success).toBe(false);
  });

  test('a field that may hold a line break only in a text, at every place', () => {
    const texts = ['from', 'to', 'cc', 'bcc', 'reply_to', 'subject', 'message_id', 'return_path'] as const;
    for (const character of ['\r', '\n', '\0', '\r\n']) {
      for (const field of texts) {
        for (const value of [
          `ann@example.org${character}`,
          `a${character}nn@example.org`,
          `${character}ann@example.org`,
        ]) {
          expect(pointersOf({ [field]: value }), `${field} ${JSON.stringify(value)}`).toEqual([`/${field}`]);
        }
      }
    }
  });
});

describe('what is right', () => {
  test('a string may hold several addresses', () => {
    const { content } = checked({ to: 'Bob <bob@example.org>, cid@example.org' });
    expect(content.to).toEqual([
      { name: 'Bob', address: 'bob@example.org' },
      { name: '', address: 'cid@example.org' },
    ]);
  });

  test('a group stays in the header and gives its members', () => {
    const { content, bcc } = checked({
      to: ['Team: Bob <bob@example.org>, cid@example.org;', 'ann@example.org'],
      cc: 'undisclosed-recipients:;',
      bcc: 'Quiet: eve@example.org;',
    });
    expect(content.to).toEqual([
      {
        group: 'Team',
        members: [
          { name: 'Bob', address: 'bob@example.org' },
          { name: '', address: 'cid@example.org' },
        ],
      },
      { name: '', address: 'ann@example.org' },
    ]);
    expect(content.cc).toEqual([{ group: 'undisclosed-recipients', members: [] }]);
    expect(bcc).toEqual([{ name: '', address: 'eve@example.org' }]);
    expect(JSON.stringify(content)).not.toMatch(/eve|Quiet/);
  });

  test('an invitation is kept as it is', () => {
    expect(checked(invitation(VCALENDAR)).content.calendar).toEqual({ method: 'REQUEST', content: VCALENDAR });
    expect(checked({}).content.calendar).toBeNull();
  });

  test('the ways to unsubscribe come after the headers', () => {
    const { content } = checked({
      headers: { 'X-Id': '1' },
      list_unsubscribe: { url: 'https://example.org/u', mailto: 'u@bücher.example', one_click: true },
    });
    expect(content.headers).toEqual([
      ['X-Id', '1'],
      ['List-Unsubscribe', '<https://example.org/u>, <mailto:u@xn--bcher-kva.example>'],
      ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
    ]);
  });

  test.each<[string, Partial<MessageInput>]>([
    ['send_at a minute ago', { send_at: at(-60_000) }],
    ['deferred_ts a minute ago', { deferred_ts: (NOW - 60_000) / 1_000 }],
    ['expires_at in a moment', { expires_at: at(1) }],
    ['expires_at after send_at', { send_at: at(5_000), expires_at: at(5_001) }],
  ])('%s', (_, changes) => {
    expect(pointersOf(changes)).toEqual([]);
  });

  test('a recipient in bcc is enough, and stays out of the content', () => {
    const { content, bcc } = checked({ to: [], bcc: 'eve@example.org' });
    expect(bcc).toEqual([{ name: '', address: 'eve@example.org' }]);
    expect(JSON.stringify(content)).not.toContain('eve');
  });

  test.each([
    [undefined, 'ann@example.org'],
    ['', ''],
    ['<>', ''],
    ['bounce@example.org', 'bounce@example.org'],
  ])('return_path %j makes the envelope sender %j', (return_path, expected) => {
    const { content } = checked(return_path === undefined ? {} : { return_path });
    expect(content.returnPath).toBe(expected);
  });

  test('body is text unless content_type says html', () => {
    const { text: _, ...rest } = MESSAGE;
    const bodyOf = (changes: Partial<MessageInput>) => {
      const result = checkContent(v.parse(messageInput, { ...rest, ...changes }), '', {
        maxRecipients: 10,
        attachmentRules: ANY_ATTACHMENT,
        now: NOW,
      });
      return result.ok ? [result.checked.content.text, result.checked.content.html] : result.problems;
    };
    expect(bodyOf({ body: 'Hi' })).toEqual(['Hi', null]);
    expect(bodyOf({ body: 'Hi', content_type: 'plain' })).toEqual(['Hi', null]);
    expect(bodyOf({ body: 'Hi', content_type: 'html' })).toEqual([null, 'Hi']);
    expect(bodyOf({ text: 'Hi', html: '<p>Hi' })).toEqual(['Hi', '<p>Hi']);
  });

  test.each([
    ['marked', { storage_path: 'base64:aGk=' }],
    ['by its fetch mode', { storage_path: 'aGk=', fetch_mode: 'base64' as const }],
    ['without padding', { storage_path: 'base64:aGk' }],
    ['with line breaks', { storage_path: 'base64:aG\r\nk=' }],
  ])('base64 %s is decoded', (_, changes) => {
    const [file] = checked(attachment(changes)).attachments;
    expect(bytesOf(file)).toEqual(Buffer.from('hi'));
    expect(file).toMatchObject({
      filename: 'a.txt',
      mime_type: 'text/plain',
      disposition: 'attachment',
      content_id: null,
    });
  });

  test('the URL-safe alphabet is decoded too', () => {
    const [file] = checked(attachment({ storage_path: 'base64:-_-_' })).attachments;
    expect(bytesOf(file)).toEqual(Buffer.from([0xfb, 0xff, 0xbf]));
  });

  test('an attachment with a content id is inline', () => {
    const [file] = checked(attachment({ content_id: 'logo@example.org' })).attachments;
    expect(file).toMatchObject({ disposition: 'inline', content_id: 'logo@example.org' });
  });
});
