// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { BenchFile, BenchMail } from '../load/mail.ts';

const OUTER = 'outer-part-of-the-bench';
const INNER = 'part-of-the-bench';

/** What a socket of one's own would send: as few bytes and as little work as the mail allows. The dot is in it. */
export function rawMail(mail: BenchMail): Buffer {
  const { id, from, to, subject, file } = mail;
  const lines = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Message-ID: <${id}@bench.invalid>`,
    `X-Genro-Mail-ID: ${id}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    ...(file === undefined ? alternative(mail) : mixed(mail, file)),
    '.',
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

function alternative({ text, html }: BenchMail): readonly string[] {
  return [
    `Content-Type: multipart/alternative; boundary=${INNER}`,
    '',
    ...part('text/plain', text),
    ...part('text/html', html),
    `--${INNER}--`,
  ];
}

function part(type: string, content: string): readonly string[] {
  // No line of the bench's mails begins with a dot.
  return [`--${INNER}`, `Content-Type: ${type}`, '', content.trimEnd().replaceAll('\n', '\r\n')];
}

function mixed(mail: BenchMail, { filename, base64 }: BenchFile): readonly string[] {
  return [
    `Content-Type: multipart/mixed; boundary=${OUTER}`,
    '',
    `--${OUTER}`,
    ...alternative(mail),
    `--${OUTER}`,
    'Content-Type: application/octet-stream',
    `Content-Disposition: attachment; filename=${filename}`,
    'Content-Transfer-Encoding: base64',
    '',
    ...(base64.match(/.{1,76}/g) ?? []),
    `--${OUTER}--`,
  ];
}
