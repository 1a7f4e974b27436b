// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CoreSchema, defineMixin } from '@mail-proxy/core';
import { pecMigrations } from './pec.migrations.ts';
import type { PecSchema } from './pec.table.ts';
import { accountPec } from './sending/account-pec.ts';
import { createPecAccountStore } from './sending/pec-accounts.store.ts';
import { pecSendingHooks } from './sending/pec-sending-hooks.ts';

/** Certified mail (PEC, RFC 6109): its rules before a message is sent. */
export const pec = defineMixin({
  id: 'pec',
  contract: 1,
  migrations: pecMigrations,
  setup({ database: anyTables, clock }) {
    const database = anyTables.withTables<CoreSchema & PecSchema>();
    const accounts = createPecAccountStore(database, clock);
    return {
      extensions: { account: { pec: accountPec(accounts) } },
      hooks: pecSendingHooks(accounts),
    };
  },
});
