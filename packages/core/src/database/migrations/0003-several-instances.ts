// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Migration } from './migration.ts';

/** What instances of one database share beside messages: rights that one has at a time, and the connections of accounts. */
export const severalInstances: Migration = {
  number: 3,
  name: 'several-instances',
  minReader: 2,
  up: (schema, t) => [
    schema
      .createTable('leases')
      .addColumn('name', t.key, (c) => c.primaryKey())
      .addColumn('session', t.bigint, (c) => c.notNull()),

    schema
      .createTable('connection_shares')
      .addColumn('account_pk', t.pk, (c) => c.notNull().references('accounts.pk').onDelete('cascade'))
      .addColumn('session', t.bigint, (c) => c.notNull())
      .addColumn('connections', t.integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('connection_shares_pk', ['account_pk', 'session']),
  ],
};
