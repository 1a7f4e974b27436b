// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Mixin } from '@mail-proxy/core';

export const pecMigrations: NonNullable<Mixin['migrations']> = [
  {
    number: 1,
    name: 'accounts',
    minReader: 1,
    up: (schema, t) => [
      schema
        .createTable('pec_accounts')
        .addColumn('account_pk', t.pk, (c) => c.primaryKey().references('accounts.pk').onDelete('cascade')),
    ],
  },
];
