// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, it } from 'vitest';
import { readReturnedMail } from './read-returned-mail.ts';
import { RETURNED_MAILS } from './returned-mails.case.ts';

const read = (raw: string) => readReturnedMail(Buffer.from(raw));

describe('reads', () => {
  it.each(RETURNED_MAILS)('%s', async (_name, raw, { recipients, ...wanted }) => {
    const mail = await read(raw);
    const first = mail.kind === 'bounce' || mail.kind === 'delay' ? mail.recipients[0] : undefined;
    expect({ ...first, kind: mail.kind }).toMatchObject(wanted);
    const named =
      'recipients' in mail ? mail.recipients.map((each) => (typeof each === 'string' ? each : each.address)) : [];
    expect(named).toEqual(recipients ?? []);
  });

  it.each(RETURNED_MAILS)('%s, with CRLF and after a line of a mailbox file', async (_name, raw, { kind }) => {
    const mail = await read(`From - Fri Jan  1 00:00:00 2027\n${raw}`.replaceAll('\n', '\r\n'));
    expect(mail.kind).toBe(kind);
  });
});

describe('what a bounce says of its original', () => {
  const withOriginal = RETURNED_MAILS[0]?.[1] ?? '';

  it('comes from the report and the part that was returned', async () => {
    expect((await read(withOriginal)).original).toEqual({
      messageId: '<1@example.net>',
      isAnswered: false,
      envelopeId: 'envelope-1',
      mailId: 'mail-1',
      addressedTo: ['bounces@example.net'],
    });
  });

  it('comes from below the words where there are no parts', async () => {
    const exim = RETURNED_MAILS.find(([name]) => name === 'Exim')?.[1] ?? '';
    expect((await read(exim)).original.messageId).toBe('<1@example.net>');
  });

  it('is told from what the bounce only answers', async () => {
    const answer =
      'From: mailer-daemon@example.org\nSubject: Undelivered\nIn-Reply-To: <2@example.net>\n\nann@example.org: unknown\n';
    expect((await read(answer)).original).toMatchObject({ messageId: '<2@example.net>', isAnswered: true });
    expect((await read(`In-Reply-To: <2@example.net>\n${withOriginal}`)).original).toMatchObject({
      messageId: '<1@example.net>',
      isAnswered: false,
    });
  });

  it('names each address that the bounce went to, the envelope first', async () => {
    const received = 'Received: from a by b\n\tfor <c@example.net>; Fri, 1 Jan 2027 00:00:00 +0000';
    const delivered = 'Delivered-To: bounces+1.ab@example.net\nX-Original-To: b@example.net';
    const mail = await read(`${received}\n${delivered}\n${withOriginal}`);
    expect(mail.original.addressedTo).toEqual([
      'bounces+1.ab@example.net',
      'b@example.net',
      'bounces@example.net',
      'c@example.net',
    ]);
  });
});

describe('NUL, which PostgreSQL does not store, is nowhere in what comes out, though it is', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const report = (status: string, original: string) =>
    [
      'From: mailer-daemon@example.org\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n',
      `--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n${base64(status)}`,
      `--b\nContent-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n${base64(original)}\n--b--\n`,
    ].join('\n');
  const ses = (notification: object) =>
    `From: no-reply@sns.amazonaws.com\nSubject: AWS\n\n${JSON.stringify({ Message: JSON.stringify(notification) })}\n`;
  it.each<[string, string, object]>([
    [
      'in parts of a report',
      report(
        'Reporting-MTA: dns; m\0x.example.org\n\nFinal-Recipient: rfc822; a\0nn@example.org\nAction: failed\nStatus: 5.1.1\n',
        'Message-ID: <1\0@example.net>\nX-Genro-Mail-ID: mail\0-1\n',
      ),
      {
        reportingMta: 'mx.example.org',
        recipients: [{ address: 'ann@example.org' }],
        original: { messageId: '<1@example.net>', mailId: 'mail-1' },
      },
    ],
    [
      'escaped in an address (RFC 6533)',
      report(
        'Reporting-MTA: dns; x\n\nFinal-Recipient: utf-8; a\\x{0}nn@example.org\nAction: failed\n',
        'Subject: x\n',
      ),
      { recipients: [] },
    ],
    [
      'in encoded words',
      'From: mailer-daemon@example.org\nSubject: Undelivered mail\nX-Failed-Recipients: =?utf-8?q?a=00nn@example.org?=\nIn-Reply-To: =?utf-8?q?<1=00@example.net>?=\n\nIt failed.\n',
      { recipients: [{ address: 'ann@example.org' }], original: { messageId: '<1@example.net>' } },
    ],
    [
      'an entity of HTML',
      'From: mailer-daemon@example.org\nSubject: Undelivered mail\nContent-Type: text/html\n\n<p>a&#0;nn@example.org</p><p>user unknown</p>\n',
      { recipients: [{ address: 'ann@example.org' }] },
    ],
    [
      'as it is, in a mail that is not read as MIME',
      `From: mailer-daemon@example.org\nSubject: Undelivered mail\nX-Failed-Recipients: a\0nn@example.org\nIn-Reply-To: <1\0@example.net>\n${`X: ${'y'.repeat(100)}\n`.repeat(3_000)}`,
      { recipients: [{ address: 'ann@example.org' }], original: { messageId: '<1@example.net>' } },
    ],
    [
      'in the JSON of SES',
      ses({
        notificationType: 'Bounce',
        bounce: { bouncedRecipients: [{ emailAddress: 'a\0nn@example.org' }], reportingMTA: 'dns; m\0x' },
        mail: { headers: [{ name: 'Message-ID', value: '<1\0@example.net>' }] },
      }),
      {
        reportingMta: 'mx',
        recipients: [{ address: 'ann@example.org' }],
        original: { messageId: '<1@example.net>' },
      },
    ],
    [
      'in a complaint by SES',
      ses({
        notificationType: 'Complaint',
        complaint: {
          complainedRecipients: [{ emailAddress: 'Ann <a\0nn@example.org>' }, { emailAddress: '\u0001' }],
          complaintFeedbackType: 'ab\0use',
        },
      }),
      { kind: 'complaint', feedbackType: 'abuse', recipients: ['ann@example.org'] },
    ],
  ])('%s', async (_name, raw, wanted) => {
    const mail = await read(raw);
    expect(mail).toMatchObject(wanted);
    expect(JSON.stringify(mail)).not.toMatch(/\\u00[01]/);
  });
});

describe('a mail that is too much', () => {
  const deep = Array.from(
    { length: 10_000 },
    (_, at) => `Content-Type: multipart/mixed; boundary="b${at}"\n\n--b${at}\n`,
  );
  it.each<[string, string]>([
    ['nested 10,000 deep', deep.join('')],
    ['mails in mails', 'Content-Type: message/rfc822\n\n'.repeat(10_000)],
    ['of empty lines', `From: mailer-daemon@x\n\n${'\n'.repeat(2_000_000)}`],
    ['of one line', `From: mailer-daemon@x\n\n${'message to '.repeat(200_000)}@`],
    ['of header fields', 'X: y\n'.repeat(200_000)],
    ['of blanks', `From: mailer-daemon@x\nSubject: Undelivered\n\n${`${' '.repeat(990)}@\n`.repeat(500)}`],
    ['of tags', `Content-Type: text/html\n\n${'<a '.repeat(100_000)}`],
    ['empty', ''],
  ])('is read without an error: %s', async (_name, raw) => {
    expect((await read(raw)).kind).toBeTypeOf('string');
  });

  it('is read as far as its report goes, however large the mail is that came back', async () => {
    const mail = await read(`${RETURNED_MAILS[0]?.[1].replace('--b--', '')}${'attachment\n'.repeat(1_000_000)}--b--\n`);
    expect(mail).toMatchObject({ kind: 'bounce', recipients: [{ address: 'ann@example.org', status: '5.1.1' }] });
  });

  it('a report about 300 recipients has 300 verdicts', async () => {
    const groups = Array.from(
      { length: 300 },
      (_, at) => `Final-Recipient: rfc822; a${at}@example.org\nAction: failed\nStatus: 5.1.1`,
    );
    const raw = `Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n${groups.join('\n\n')}\n`;
    const mail = await read(raw);
    expect('recipients' in mail && mail.recipients).toHaveLength(300);
  });
});
