// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailReader } from '../imap/mail-readers.ts';
import type { ReturnedMail } from './reading/returned-mail.types.ts';
import { type ReceiveParts, receiveBounce } from './receive-bounce.ts';

/** What comes of our own mail and wants nobody to look at it; the rest is left to people. */
const WANTED: ReadonlySet<ReturnedMail['kind']> = new Set<ReturnedMail['kind']>([
  'bounce',
  'delay',
  'complaint',
  'success-dsn',
]);

/** Takes the bounces and complaints out of mailboxes, each for the tenant whose mailbox it is. */
export function bounceReader(receiving: ReceiveParts): MailReader {
  return async ({ raw, hash, mailbox: { tenantId } }) => {
    const { kind, statements, committed } = await receiveBounce({ raw, hash, tenantId }, receiving);
    if (!WANTED.has(kind)) return null;
    return {
      statements,
      async afterCommit() {
        await committed();
      },
    };
  };
}
