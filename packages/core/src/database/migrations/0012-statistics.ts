// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** How lanes stand, and what happened in each minute. */
export const statistics: Migration = {
  number: 12,
  name: 'statistics',
  minReader: 4,
  up: (schema, t) => {
    const counts = ['accepted', 'sent', 'failed', 'deferred', 'bounced', 'reported'] as const;
    const totals = schema
      .createTable('traffic_minutes')
      .addColumn('at', t.bigint, (c) => c.notNull())
      .addColumn('session', t.bigint, (c) => c.notNull());
    const ofTenants = schema
      .createTable('tenant_traffic_minutes')
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('at', t.bigint, (c) => c.notNull())
      .addColumn('session', t.bigint, (c) => c.notNull());
    return [
      // With the priority, so that what waits is counted by it in the index alone.
      schema.dropIndex('messages_waiting'),
      schema
        .createIndex('messages_waiting')
        .on('messages')
        .columns(['account_pk', 'priority', 'size_bytes'])
        .where(sql.ref('state'), '<>', sql.lit('final')),
      // What waits and is not in its lane, by account. A message that is sent at once is never in here.
      schema
        .createIndex('messages_parked')
        .on('messages')
        .columns(['account_pk', 'state', 'eligible_at'])
        .where(sql<boolean>`state in ('preparing', 'deferred', 'held', 'suspended', 'in_doubt')`),

      counts
        .reduce((table, name) => table.addColumn(name, t.bigint, (c) => c.notNull()), totals)
        .addPrimaryKeyConstraint('traffic_minutes_pk', ['at', 'session']),
      counts
        .reduce((table, name) => table.addColumn(name, t.bigint, (c) => c.notNull()), ofTenants)
        .addPrimaryKeyConstraint('tenant_traffic_minutes_pk', ['tenant_id', 'at', 'session']),
      schema.createIndex('tenant_traffic_minutes_at').on('tenant_traffic_minutes').columns(['at']),
    ];
  },
};
