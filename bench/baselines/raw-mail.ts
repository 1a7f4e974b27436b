// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { BenchMail } from '../smoke/mail.ts';

const BOUNDARY = 'part-of-the-bench';

/** What a socket of one's own would send: as few bytes and as little work as text and HTML allow. The dot is in it. */
export function rawMail({ id, from, to, subject, text, html }: BenchMail): Buffer {
  const lines = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Message-ID: <${id}@bench.invalid>`,
    `X-Genro-Mail-ID: ${id}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative; boundary=${BOUNDARY}`,
    '',
    ...part('text/plain', text),
    ...part('text/html', html),
    `--${BOUNDARY}--`,
    '.',
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

function part(type: string, content: string): readonly string[] {
  // No line of the bench's mails begins with a dot.
  return [`--${BOUNDARY}`, `Content-Type: ${type}`, '', content.trimEnd().replaceAll('\n', '\r\n')];
}
