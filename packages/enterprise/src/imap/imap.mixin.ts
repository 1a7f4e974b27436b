// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin } from '@mail-proxy/core';
import { type ImapServices, imapVerify } from './imap.operations.ts';

/** Mailboxes over IMAP: so far, whether the settings of one are right. */
export const imap = defineMixin({
  id: 'imap',
  contract: 1,
  setup({ clock }) {
    const services: ImapServices = { imap: { clock } };
    return { operations: [imapVerify], services };
  },
});
