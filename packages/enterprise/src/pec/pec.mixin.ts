// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CoreSchema, defineMixin } from '@mail-proxy/core';
import { mailReadersOf } from '../imap/mail-readers.ts';
import { ConnectionSlots } from '../imap/poll/connection-slots.ts';
import { pruneReceipts } from './archive/prune-receipts.ts';
import { createReceiptStore } from './archive/receipt.store.ts';
import { createReceiptContents } from './archive/receipt-content.ts';
import { pecMigrations } from './pec.migrations.ts';
import { type PecServices, pecOperations } from './pec.operations.ts';
import type { PecSchema } from './pec.table.ts';
import { pecConfig } from './pec-config.ts';
import { PecCounts } from './pec-metrics.ts';
import { pecSealedColumns, receiptsMigration } from './receipts.migration.ts';
import type { PecReceiptSchema } from './receipts.table.ts';
import { pecReader, wantedBytes } from './receiving/pec-reader.ts';
import type { ReceiveReceiptParts } from './receiving/receive-receipt.ts';
import { accountPec } from './sending/account-pec.ts';
import { CertifiedAccounts } from './sending/certified-accounts.ts';
import { createPecAccountStore } from './sending/pec-accounts.store.ts';
import { pecSendingHooks } from './sending/pec-sending-hooks.ts';
import { createPecSettingsStore } from './settings/settings.store.ts';
import { tenantPec } from './settings/tenant-pec.ts';
import { createTrustOf } from './settings/trusted.ts';
import { createAwaitedStore } from './waiting/awaited.store.ts';
import { beginWaiting } from './waiting/begin-waiting.ts';
import { createStates } from './waiting/states.ts';
import { runTimers } from './waiting/timers.ts';

/** Posted at a time, one of them of the same tenant. */
const LARGE_MAILS = 2;

/** Certified mail (PEC, RFC 6109): its rules before a message is sent, and the receipts of what was. */
export const pec = defineMixin({
  id: 'pec',
  contract: 1,
  migrations: [...pecMigrations, receiptsMigration],
  sealedColumns: pecSealedColumns,
  eventTypes: ['pec_acceptance', 'pec_delivery', 'pec_error', 'pec_relay', 'pec_timeout'],
  setup(context) {
    const { clock, makePk, events, leases, log, sealer, sealsContents } = context;
    const database = context.database.withTables<CoreSchema & PecSchema & PecReceiptSchema>();
    const { trustAnchors, maxMailBytes } = pecConfig(context.config);
    const accounts = createPecAccountStore(database, clock);
    const sending = pecSendingHooks(accounts);
    const settings = createPecSettingsStore(database, clock);
    const awaited = createAwaitedStore(database);
    const contents = createReceiptContents(database, { sealer, isSealing: sealsContents });
    const receipts = createReceiptStore(database, contents);
    const counts = new PecCounts();
    const receiving: ReceiveReceiptParts = {
      ...{ awaited, receipts, settings, events, counts, clock, makePk },
      states: createStates(database),
      trustOf: createTrustOf(settings, trustAnchors),
    };
    const services: Pick<PecServices, 'pec'> = {
      pec: {
        ...{ database, receiving, receipts, contents, awaited, maxMailBytes, clock },
        large: new ConnectionSlots(LARGE_MAILS),
      },
    };
    mailReadersOf(context)?.onMail('pec', pecReader(receiving), { maxBytes: wantedBytes(maxMailBytes) });
    return {
      extensions: { tenant: { pec: tenantPec(settings) }, account: { pec: accountPec(accounts) } },
      hooks: { ...sending, enveloping: beginWaiting(sending.enveloping, { database, awaited }) },
      operations: pecOperations,
      provides: new CertifiedAccounts(accounts),
      services,
      metrics: counts.metricsWith(awaited),
      async run(signal) {
        await Promise.all([
          runTimers({ database, awaited, settings, events, counts, leases, clock, log }, signal),
          pruneReceipts({ receipts, leases, clock, log }, signal),
        ]);
      },
    };
  },
});
