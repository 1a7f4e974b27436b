// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CoreSchema, defineMixin } from '@mail-proxy/core';
import { imapMigrations, imapSealedColumns } from './imap.migrations.ts';
import { type ImapServices, imapVerify } from './imap.operations.ts';
import { MailReaders } from './mail-readers.ts';
import { mailboxOperations } from './mailbox/mailbox.operations.ts';
import { createMailboxStore } from './mailbox/mailbox.store.ts';
import type { ImapTables } from './mailbox/mailbox.table.ts';
import { ConnectionSlots } from './poll/connection-slots.ts';
import { HandleMail } from './poll/handle-mail.ts';
import { createMailStore } from './poll/mail.store.ts';
import { SessionOpener } from './poll/open-session.ts';
import { pollSettings } from './poll/poll-settings.ts';
import { Poller } from './poll/poller.ts';

const DAY_MS = 86_400_000;

/** Mailboxes over IMAP: kept, watched, and their mail handed to the mixins that read it. */
export const imap = defineMixin({
  id: 'imap',
  contract: 1,
  migrations: imapMigrations,
  sealedColumns: imapSealedColumns,
  setup({ database: shared, sealer, clock, random, makePk, log, leases, outgoing, config }) {
    const settings = pollSettings(config);
    const database = shared.withTables<CoreSchema & ImapTables>();
    const mailboxes = createMailboxStore(database, sealer);
    const mails = createMailStore(database);
    const readers = new MailReaders();
    const handle = new HandleMail({
      ...{ clock, log, makePk, mails, maxMailBytes: settings.maxMailBytes },
      readersOf: ({ purposes }) => readers.for(purposes),
      wantedOf: ({ purposes }, start) => readers.maxBytes(purposes, start),
    });
    const opener = new SessionOpener({
      ...{ clock, outgoing, settings, login: mailboxes.login },
      tokens: outgoing.accessTokens(mailboxes.refreshTokens),
    });
    const poller = new Poller({
      ...{ clock, random, log, leases, settings, mailboxes, mails, readers, opener },
      slots: new ConnectionSlots(settings.maxConnections),
      check: { clock, log, mails, handle, keepMs: settings.keepDays * DAY_MS },
    });
    const services: ImapServices = {
      imap: { clock },
      ...{ mailboxes, readers, clock, makePk, changed: (pk) => poller.changed(pk) },
    };
    return {
      operations: [imapVerify, ...mailboxOperations],
      services,
      provides: readers,
      metrics: poller.metrics,
      run: (signal) => poller.run(signal),
    };
  },
});
