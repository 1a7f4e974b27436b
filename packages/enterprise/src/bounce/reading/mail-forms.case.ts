// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What a mail should be read as: kind, recipients, then status, reason, permanence and death of the first one. */
export interface Wanted {
  readonly kind: string;
  readonly recipients?: readonly string[];
  readonly status?: string | null;
  readonly reasonClass?: string;
  readonly permanence?: string;
  readonly addressDead?: boolean;
}

/** A mail by what it is an example of. */
export type WrittenMail = readonly [name: string, raw: string, wanted: Wanted];

/** A bounce of an address that is no good. */
export function dead(address: string, status?: string): Wanted {
  return {
    kind: 'bounce',
    recipients: [address],
    permanence: 'permanent',
    addressDead: true,
    ...(status && { status }),
  };
}

/** A mail of one part. */
export function plain(from: string, subject: string, text: string, fields = ''): string {
  const type = text.startsWith('<html>') ? 'text/html' : 'text/plain';
  return `From: ${from}\nTo: bounces@example.net\nSubject: ${subject}\n${fields}Content-Type: ${type}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n${text}\n`;
}

/** A delivery status with its words and the mail that came back. */
export function report(from: string, text: string, status: string, type = 'message/delivery-status'): string {
  return parts(
    'multipart/report; report-type=delivery-status',
    from,
    'Undelivered Mail Returned to Sender',
    ['text/plain; charset=utf-8', text],
    [type, `Reporting-MTA: dns; mx.example.net\nOriginal-Envelope-Id: envelope-1\n\n${status}`],
    ['message/rfc822', 'Message-ID: <1@example.net>\nX-Genro-Mail-ID: mail-1\nTo: ann@example.org\n\nHello'],
  );
}

/** A mail of several parts. */
export function parts(
  type: string,
  from: string,
  subject: string,
  ...each: readonly (readonly [string, string])[]
): string {
  const body = each.map(([partType, text]) => `--b\nContent-Type: ${partType}\n\n${text}\n`).join('');
  return `From: ${from}\nTo: bounces@example.net\nSubject: ${subject}\nMIME-Version: 1.0\nContent-Type: ${type}; boundary="b"\n\n${body}--b--\n`;
}
