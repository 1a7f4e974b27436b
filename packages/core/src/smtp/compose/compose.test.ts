// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createTransport } from 'nodemailer';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { envelopeNeedsSmtpUtf8 } from './compose.ts';
import {
  composeBytes,
  decodeWords,
  expectCleanWire,
  fieldOf,
  PLAIN_CONTENT,
  parameterOf,
  type ReadEntity,
  readEntity,
} from './composed-message.case.ts';
import type { MailAttachment, MailCalendar, MailContent } from './content.ts';

const wire = (change: Partial<MailContent> = {}) => {
  const { bytes, smtpUtf8 } = composeBytes({ ...PLAIN_CONTENT, ...change });
  expectCleanWire(bytes, smtpUtf8);
  return bytes.toString();
};
const read = (change: Partial<MailContent> = {}) => readEntity(wire(change));
const shape = (entity: ReadEntity): unknown =>
  entity.parts.length === 0 ? entity.type : { [entity.type]: entity.parts.map(shape) };

const pdf = {
  filename: 'a.pdf',
  mimeType: 'application/pdf',
  disposition: 'attachment',
  contentId: null,
  bytes: Buffer.from([0x25, 0, 0xff, 0x0d, 0x0a, 0x2e]),
} satisfies MailAttachment;
const logo = {
  filename: 'logo.png',
  mimeType: 'image/png',
  disposition: 'inline',
  contentId: 'logo@acme.example',
  bytes: Buffer.from('png'),
} satisfies MailAttachment;

const calendar: MailCalendar = {
  method: 'REQUEST',
  content: 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Perché no?\r\nEND:VCALENDAR\r\n',
};

describe('the fields of a message', () => {
  test('a plain message, octet for octet', () => {
    expect(
      wire({
        cc: [{ name: '', address: 'cc@example.com' }],
        replyTo: [{ name: 'Help', address: 'help@acme.example' }],
        headers: [['X-Genro-Mail-ID', '0198c0de-0000-7000-8000-000000000001']],
      }),
    ).toBe(
      [
        'Date: Tue, 03 Feb 2026 04:05:06 +0000',
        'Message-ID: <0198c0de-0000-7000-8000-000000000001@acme.example>',
        'From: Acme <noreply@acme.example>',
        'To: Mario Rossi <mario@example.com>',
        'Cc: cc@example.com',
        'Reply-To: Help <help@acme.example>',
        'Subject: Hello',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 7bit',
        'X-Genro-Mail-ID: 0198c0de-0000-7000-8000-000000000001',
        '',
        'Hello.',
        '',
      ].join('\r\n'),
    );
  });

  test('Bcc is not written even when it is among the extra fields', () => {
    const text = wire({
      headers: [
        ['Bcc', 'secret@example.com'],
        ['RESENT-BCC', 'secret@example.com'],
        ['X-A', 'b'],
      ],
    });
    expect(text).not.toMatch(/secret|bcc/i);
    expect(text).toContain('\r\nX-A: b\r\n');
  });

  test('a group keeps its name and members, and may be empty', () => {
    const text = wire({
      to: [
        {
          group: 'Team',
          members: [
            { name: '', address: 'a@example.com' },
            { name: 'B', address: 'b@example.com' },
          ],
        },
        { name: '', address: 'c@example.com' },
      ],
      cc: [{ group: 'undisclosed-recipients', members: [] }],
      replyTo: [{ group: 'Küche', members: [{ name: '', address: 'd@example.com' }] }],
    });
    expect(text).toContain('\r\nTo: Team: a@example.com, B <b@example.com>;, c@example.com\r\n');
    expect(text).toContain('\r\nCc: undisclosed-recipients:;\r\n');
    expect(text).toContain('\r\nReply-To: =?UTF-8?Q?K=C3=BCche?= : d@example.com;\r\n');
  });

  test('without To, Cc and Reply-To those fields are left out', () => {
    const names = read({ to: [] }).fields.map(([name]) => name);
    expect(names).not.toContain('to');
    expect(names).not.toContain('cc');
    expect(names).not.toContain('reply-to');
  });

  test('a header that no check has seen breaks no line', () => {
    const { fields } = read({ subject: 'a\r\nBcc: b@example.com', headers: [['X-A', 'b\r\n\r\n<script>']] });
    expect(fields.map(([name]) => name)).not.toContain('bcc');
    expect(fieldOf(fields, 'x-a')).not.toContain('<script>');
  });

  test.each<[string, Partial<MailContent>]>([
    ['an address', { to: [{ name: '', address: 'a@example.com\r\nBcc: b@example.com' }] }],
    ['a member of a group', { to: [{ group: 'x', members: [{ name: '', address: 'a@b\r\nBcc: c@d' }] }] }],
    ['a Message-ID', { messageId: '<a@b>\r\nBcc: b@example.com' }],
    ['a Content-ID', { html: 'x', attachments: [{ ...logo, contentId: 'x>\r\nBcc: b' }] }],
    ['a field name', { headers: [['X-A: b\r\nBcc', 'c@example.com']] }],
  ])('%s that would break a line is a bug of the caller', (_what, change) => {
    expect(() => composeBytes({ ...PLAIN_CONTENT, ...change })).toThrow(TypeError);
  });
});

describe('the tree of parts', () => {
  const both = { text: 'a', html: '<p>a' };
  const related = 'multipart/related';
  const alternative = 'multipart/alternative';
  const mixed = 'multipart/mixed';
  test.each<[string, Partial<MailContent>, unknown]>([
    ['text', { text: 'a' }, 'text/plain'],
    ['HTML', { text: null, html: 'a' }, 'text/html'],
    ['no body', { text: null }, 'text/plain'],
    ['both bodies', both, { [alternative]: ['text/plain', 'text/html'] }],
    ['HTML with an image', { text: null, html: 'a', attachments: [logo] }, { [related]: ['text/html', 'image/png'] }],
    [
      'both bodies with an image',
      { ...both, attachments: [logo] },
      { [alternative]: ['text/plain', { [related]: ['text/html', 'image/png'] }] },
    ],
    ['text with a file', { attachments: [pdf] }, { [mixed]: ['text/plain', 'application/pdf'] }],
    [
      'everything',
      { ...both, attachments: [pdf, logo] },
      { [mixed]: [{ [alternative]: ['text/plain', { [related]: ['text/html', 'image/png'] }] }, 'application/pdf'] },
    ],
    ['an image without HTML', { attachments: [logo] }, { [mixed]: ['text/plain', 'image/png'] }],
    [
      'an inline image without Content-ID',
      { ...both, attachments: [{ ...logo, contentId: null }] },
      { [mixed]: [{ [alternative]: ['text/plain', 'text/html'] }, 'image/png'] },
    ],
    ['an invitation alone', { text: null, calendar }, 'text/calendar'],
    ['an invitation beside text', { calendar }, { [alternative]: ['text/plain', 'text/calendar'] }],
    [
      'an invitation with all else',
      { ...both, calendar, attachments: [pdf, logo] },
      {
        [mixed]: [
          { [alternative]: ['text/plain', { [related]: ['text/html', 'image/png'] }, 'text/calendar'] },
          'application/pdf',
        ],
      },
    ],
  ])('%s', (_what, change, expected) => {
    expect(shape(read(change))).toEqual(expected);
  });

  test('an attachment arrives octet for octet, with its name, type and Content-ID', () => {
    const [, file, image] = read({ attachments: [pdf, { ...logo, filename: 'è logo.png' }] }).parts;
    expect(file?.octets.equals(Buffer.from(pdf.bytes))).toBe(true);
    expect(parameterOf(fieldOf(file?.fields ?? [], 'content-disposition'), 'filename')).toBe('a.pdf');
    expect(fieldOf(image?.fields ?? [], 'content-id')).toBe('<logo@acme.example>');
    expect(fieldOf(image?.fields ?? [], 'content-disposition')).toMatch(/^inline;/);
    expect(parameterOf(fieldOf(image?.fields ?? [], 'content-disposition'), 'filename')).toBe('è logo.png');
  });

  test('an invitation names its method and arrives as it was', () => {
    const [, part] = read({ calendar }).parts;
    expect(fieldOf(part?.fields ?? [], 'content-type')).toBe('text/calendar; method=REQUEST; charset=utf-8');
    expect(part?.octets.toString()).toBe(calendar.content);
  });

  test('an empty attachment is a part without content', () => {
    expect(read({ attachments: [{ ...pdf, bytes: new Uint8Array() }] }).parts[1]?.octets).toHaveLength(0);
  });

  test.each(['message/rfc822', 'multipart/mixed', 'MESSAGE/partial', 'text/plain\r\nBcc: b', 'nonsense'])(
    'an attachment of type %j goes as application/octet-stream',
    (mimeType) => {
      expect(read({ attachments: [{ ...pdf, mimeType }] }).parts[1]?.type).toBe('application/octet-stream');
    },
  );
});

describe('boundaries', () => {
  const full = { text: 'a', html: '<p>a', attachments: [pdf, logo] };

  test('the same content gives the same octets', () => {
    expect(wire(full)).toBe(wire(full));
  });

  test('another Message-ID gives other boundaries', () => {
    const boundary = (text: string) => /boundary="(.*)"/.exec(text)?.[1];
    expect(boundary(wire(full))).not.toBe(boundary(wire({ ...full, messageId: '<other@acme.example>' })));
  });

  test('a body that quotes the boundaries of its own message does not end its part', () => {
    const boundaries = [...wire(full).matchAll(/boundary="([^"]*)"/g)].map(([, boundary]) => boundary);
    expect(boundaries).toHaveLength(3);
    const text = boundaries
      .map((boundary) => `--${boundary}--\r\n--${boundary}\r\nContent-Type: text/html\r\n\r\n`)
      .join('');
    const [bodies] = read({ ...full, text, attachments: [{ ...pdf, bytes: Buffer.from(text) }, logo] }).parts;
    expect(bodies?.parts[0]?.octets.toString()).toBe(text);
    expect(read({ text, attachments: [pdf] }).parts[0]?.octets.toString()).toBe(text);
  });
});

describe('SMTPUTF8', () => {
  test.each<[string, Partial<MailContent>]>([
    ['From', { from: { name: 'Zoë', address: 'zoë@example.com' } }],
    ['To', { to: [{ name: '', address: '用户@example.com' }] }],
    ['Cc', { cc: [{ name: '', address: 'zoë@example.com' }] }],
    ['Reply-To', { replyTo: [{ name: '', address: 'zoë@example.com' }] }],
    ['a group', { cc: [{ group: 'Team', members: [{ name: '', address: 'zoë@example.com' }] }] }],
  ])('a local part that is not ASCII in %s needs it and is written in UTF-8', (_field, change) => {
    const { bytes, smtpUtf8 } = composeBytes({ ...PLAIN_CONTENT, ...change });
    expect(smtpUtf8).toBe(true);
    expectCleanWire(bytes, true);
    expect(bytes.toString()).toMatch(/(?:zoë|用户)@example\.com/);
  });

  test('names, subjects and bodies that are not ASCII do not need it', () => {
    expect(
      composeBytes({
        ...PLAIN_CONTENT,
        from: { name: 'Zoë', address: 'zoe@xn--bcher-kva.example' },
        subject: 'è',
        text: 'è',
      }).smtpUtf8,
    ).toBe(false);
  });

  test('an envelope needs it for any such address', () => {
    expect(envelopeNeedsSmtpUtf8(['a@example.com', 'b@xn--bcher-kva.example'])).toBe(false);
    expect(envelopeNeedsSmtpUtf8(['a@example.com', 'zoë@example.com'])).toBe(true);
    expect(envelopeNeedsSmtpUtf8([])).toBe(false);
  });
});

test.each([
  '\n.\n',
  '\n.\r',
  '\r.\n',
  '\r.\r',
  '\n.\r\n',
  '\r.\r\n',
  '\r\n.\r\r\n',
  '\r\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\r\n.\n',
  '\r\n.\r\n',
])('the would-be end of data %j in a body or a file stays inside the message', (sequence) => {
  const smuggled = `before${sequence}MAIL FROM:<x@example.com>`;
  const lines = smuggled.replace(/\r\n|\r|\n/g, '\r\n');
  const entity = read({ text: smuggled, html: smuggled, attachments: [{ ...pdf, bytes: Buffer.from(smuggled) }] });
  expect(entity.parts[0]?.parts.map(({ octets }) => octets.toString())).toEqual([lines, lines]);
  expect(entity.parts[1]?.octets.toString()).toBe(smuggled);
});

test("another reader finds the same in our message as in nodemailer's", async () => {
  const content = {
    ...PLAIN_CONTENT,
    from: { name: 'Società Acme', address: 'noreply@acme.example' },
    to: [
      { name: 'Rossi, Mario', address: 'mario@example.com' },
      { name: '', address: 'b@example.com' },
    ],
    cc: [{ name: '日本 太郎', address: '"a b"@example.com' }],
    replyTo: [{ name: 'Help', address: 'help@acme.example' }],
    subject: `Perché no? ${'Una riga molto lunga con accenti è ò à. '.repeat(5)}fine`,
    text: 'Ciao,\nperché no? = 100%\n.\nFrom me\n',
    html: `<p>Perché no?</p>${'<b>x</b>'.repeat(100)}\n`,
    headers: [
      ['X-Campaign', 'Primavera è qui'],
      ['List-Unsubscribe', '<https://example.com/u?id=1>'],
    ],
    attachments: [
      { ...pdf, filename: `${'fattura molto lunga è '.repeat(4)}.pdf` },
      { ...logo, filename: '"quoted; name=x".png' },
    ],
  } satisfies MailContent;
  // Composes and sends nothing.
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const { message: theirs } = await composer.sendMail({
    from: content.from,
    to: [...content.to],
    cc: [...content.cc],
    replyTo: [...content.replyTo],
    subject: content.subject,
    text: content.text,
    html: content.html,
    date: new Date(content.date),
    messageId: content.messageId,
    headers: content.headers.map(([key = '', value = '']) => ({ key, value })),
    attachments: content.attachments.map((attachment) => ({
      filename: attachment.filename,
      contentType: attachment.mimeType,
      contentDisposition: attachment.disposition,
      content: Buffer.from(attachment.bytes),
      ...(attachment.contentId === null ? {} : { cid: attachment.contentId }),
    })),
  });
  if (!Buffer.isBuffer(theirs)) throw new Error('the composer was asked for a buffer');

  const gist = async (bytes: Buffer) => {
    const { headers, headerLines, attachments, ...rest } = await PostalMime.parse(bytes, {
      attachmentEncoding: 'base64',
    });
    return {
      ...rest,
      custom: headers
        .filter(({ key }) => key === 'x-campaign' || key === 'list-unsubscribe')
        .map(({ key, value }) => [key, decodeWords(value)]),
      attachments: attachments.map(({ filename, mimeType, disposition, contentId, related, content }) => ({
        filename,
        mimeType,
        disposition,
        contentId,
        related,
        content,
      })),
    };
  };
  expect(await gist(composeBytes(content).bytes)).toEqual(await gist(theirs));
});
