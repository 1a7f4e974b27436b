// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, defineOperation } from '@mail-proxy/core';
import { imapTarget, imapVerdict } from './imap.schema.ts';
import type { MailboxServices } from './mailbox/mailbox.operations.ts';
import { verifyImap } from './verify-imap.ts';

/** What the operations of this mixin use. */
export interface ImapServices extends MailboxServices {
  readonly imap: { readonly clock: Clock };
}

export const imapVerify = defineOperation({
  name: 'imap.verify',
  summary: 'Try to log in to an IMAP server and open a mailbox',
  http: { method: 'POST', path: '/v1/imap/verify' },
  access: 'admin',
  audit: true,
  input: imapTarget,
  output: imapVerdict,
  run: ({ imap }: Pick<ImapServices, 'imap'>, target) => verifyImap(target, { clock: imap.clock }),
});
