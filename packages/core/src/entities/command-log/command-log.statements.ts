// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Kysely, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared } from '../../database/statement.ts';
import type { CoreSchema } from '../schema.ts';
import type { CommandLogFilter } from './command-log.filter.ts';
import type { CommandLogTable } from './command-log.table.ts';

type Listed = CommandLogFilter & { readonly after: string; readonly rows: number };
interface Purged {
  readonly before: number;
  readonly rows: number;
}
type OfTenant<Input> = Input & { readonly tenantId: string };

/** A statement for the operator, and the same bound to a tenant. */
interface Reaching<Input, Row> {
  readonly all: Prepared<Input, Row>;
  readonly ofTenant: Prepared<OfTenant<Input>, Row>;
}

export interface CommandLogStatements {
  readonly insert: Prepared<CommandLogTable, unknown>;
  readonly forward: Reaching<Listed, CommandLogTable>;
  readonly backward: Reaching<Listed, CommandLogTable>;
  readonly purge: Reaching<Purged, unknown>;
}

export function prepareCommandLogStatements(database: Database<CoreSchema>): CommandLogStatements {
  const listing = (direction: 'asc' | 'desc'): Reaching<Listed, CommandLogTable> => ({
    all: database.prepare((k, p: Listed) => listed(k, p, direction)),
    ofTenant: database.prepare((k, p: OfTenant<Listed>) => listed(k, p, direction).where('tenant_id', '=', p.tenantId)),
  });
  return {
    insert: database.prepare<CommandLogTable>((k, p) =>
      k.insertInto('command_log').values({
        pk: p.pk,
        at: p.at,
        operation: p.operation,
        tenant_id: p.tenant_id,
        principal: p.principal,
        origin: p.origin,
        request_id: p.request_id,
        input: p.input,
        outcome: p.outcome,
      }),
    ),
    forward: listing('asc'),
    backward: listing('desc'),
    purge: {
      all: database.prepare((k, p: Purged) => k.deleteFrom('command_log').where('pk', 'in', oldest(k, p))),
      ofTenant: database.prepare((k, p: OfTenant<Purged>) =>
        k.deleteFrom('command_log').where('pk', 'in', oldest(k, p).where('tenant_id', '=', p.tenantId)),
      ),
    },
  };
}

function listed(k: Kysely<CoreSchema>, p: Listed, direction: 'asc' | 'desc') {
  return k
    .selectFrom('command_log')
    .selectAll()
    .where('pk', direction === 'asc' ? '>' : '<', p.after)
    .where('at', '>=', p.since)
    .where('at', '<', p.until)
    .where(isOrAny('operation', p.operation))
    .where(isOrAny('outcome', p.outcome))
    .where(isOrAny('principal', p.principal))
    .orderBy('pk', direction)
    .limit(p.rows);
}

/** Null lets everything through. Without a type PostgreSQL could not tell what a null is. */
function isOrAny(column: 'operation' | 'outcome' | 'principal', value: string | null) {
  return sql<boolean>`(cast(${value} as text) is null or ${sql.ref(column)} = ${value})`;
}

function oldest(k: Kysely<CoreSchema>, p: Purged) {
  return k.selectFrom('command_log').select('pk').where('at', '<', p.before).orderBy('at').orderBy('pk').limit(p.rows);
}
