// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Kysely, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared } from '../../database/statement.ts';
import type { CoreSchema } from '../schema.ts';
import type { SuppressionsTable } from './suppression.table.ts';

/** Which entries; null is any. */
export interface Filter {
  readonly reason: string | null;
  /** A pattern of LIKE. */
  readonly addresses: string | null;
  /** Milliseconds. */
  readonly since: number;
}

type Listed = Filter & { readonly now: number; readonly after: string; readonly rows: number };
type OfTenant<Input> = Input & { readonly tenant_id: string };

export interface SuppressionStatements {
  /** Returns what was stored: nothing for a tenant that is not there, nor, without `replace`, where an entry stands. */
  readonly put: Prepared<{ readonly rows: string; readonly replace: number; readonly now: number }, SuppressionsTable>;
  readonly find: Prepared<
    { readonly ref: string; readonly key: string; readonly tenant_id: string | null; readonly now: number },
    SuppressionsTable
  >;
  readonly listAll: Prepared<Listed, SuppressionsTable>;
  readonly listOfTenant: Prepared<OfTenant<Listed>, SuppressionsTable>;
  readonly remove: Prepared<{ readonly pk: string }, unknown>;
  /** What counts against an address is as if it never was. */
  readonly forgive: Prepared<{ readonly tenant_id: string; readonly address: string }, unknown>;
  readonly tenant: Prepared<{ readonly id: string }, { readonly id: string }>;
}

type PutRow = Pick<SuppressionsTable, 'pk' | 'tenant_id' | 'address' | 'reason' | 'note' | 'created_at' | 'expires_at'>;

export function prepareSuppressionStatements(database: Database<CoreSchema>): SuppressionStatements {
  const { rows } = database.dialect;
  return {
    put: database.prepare((k, p) =>
      k
        .insertInto('suppressions')
        .columns(['pk', 'tenant_id', 'address', 'reason', 'note', 'stopped', 'created_at', 'updated_at', 'expires_at'])
        .expression(
          k
            .selectFrom(
              rows<PutRow>(p.rows, {
                pk: 'text',
                tenant_id: 'text',
                address: 'text',
                reason: 'text',
                note: 'text',
                created_at: 'bigint',
                expires_at: 'bigint',
              }).as('r'),
            )
            .select(['pk', 'tenant_id', 'address', 'reason', 'note', sql.lit(0).as('stopped')])
            .select(['created_at', 'created_at as updated_at', 'expires_at'])
            .where(sql<boolean>`exists (select 1 from ${sql.table('tenants')} t where t.id = r.tenant_id)`)
            // In one order everywhere, so that no two units wait for each other.
            .orderBy('tenant_id')
            .orderBy('address'),
        )
        .onConflict((oc) =>
          oc
            .columns(['tenant_id', 'address'])
            .doUpdateSet((eb) => ({
              reason: eb.ref('excluded.reason'),
              note: eb.ref('excluded.note'),
              source_event_pk: null,
              pk: unlessOver(p.now, 'pk'),
              stopped: unlessOver(p.now, 'stopped'),
              last_stopped_at: unlessOver(p.now, 'last_stopped_at'),
              created_at: unlessOver(p.now, 'created_at'),
              updated_at: eb.ref('excluded.updated_at'),
              expires_at: eb.ref('excluded.expires_at'),
            }))
            .where(
              sql<boolean>`(cast(${p.replace} as integer) = 1 or suppressions.expires_at <= cast(${p.now} as bigint))`,
            ),
        )
        .returningAll(),
    ),
    find: database.prepare((k, p) =>
      k
        .selectFrom('suppressions')
        .selectAll()
        .where((eb) => eb.or([eb('pk', '=', p.ref), eb('address', '=', p.key)]))
        .where(sql<boolean>`(cast(${p.tenant_id} as text) is null or tenant_id = cast(${p.tenant_id} as text))`)
        .where(isLiving(p.now))
        .limit(sql.lit(3)),
    ),
    listAll: database.prepare((k, p) => listed(k, p)),
    listOfTenant: database.prepare((k, p) => listed(k, p).where('tenant_id', '=', p.tenant_id)),
    remove: database.prepare((k, p) => k.deleteFrom('suppressions').where('pk', '=', p.pk)),
    forgive: database.prepare((k, p) =>
      k.deleteFrom('suppression_strikes').where('tenant_id', '=', p.tenant_id).where('address', '=', p.address),
    ),
    tenant: database.prepare((k, p) => k.selectFrom('tenants').select('id').where('id', '=', p.id)),
  };
}

/** One whose time was over begins anew: of what it was, its key and its count among them, nothing is left. */
function unlessOver<Column extends 'pk' | 'stopped' | 'last_stopped_at' | 'created_at'>(now: number, column: Column) {
  const name = sql.raw(column);
  return sql<SuppressionsTable[Column]>`case when suppressions.expires_at <= cast(${now} as bigint)
    then excluded.${name} else suppressions.${name} end`;
}

/** Whether an entry of `suppressions` holds at that time. */
export function isLiving(now: number) {
  return sql<boolean>`(suppressions.expires_at is null or suppressions.expires_at > cast(${now} as bigint))`;
}

function listed(k: Kysely<CoreSchema>, p: Listed) {
  return (
    k
      .selectFrom('suppressions')
      .selectAll()
      .where('pk', '>', p.after)
      .where(isLiving(p.now))
      .where('created_at', '>=', p.since)
      // Null lets everything through. Without a type PostgreSQL could not tell what a null is.
      .where(sql<boolean>`(cast(${p.reason} as text) is null or reason = ${p.reason})`)
      .where(sql<boolean>`(cast(${p.addresses} as text) is null or address like ${p.addresses})`)
      .orderBy('pk')
      .limit(p.rows)
  );
}
