// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared } from '../../database/statement.ts';
import type { Dependants } from '../delete-unused.ts';
import { FORGIVEN } from '../message-event/report-cursor.store.ts';
import { picked } from '../picked.ts';
import type { CoreSchema } from '../schema.ts';
import type { TenantsTable } from './tenant.table.ts';

/** What a change may set, by the type that its parameter is cast to: without one PostgreSQL takes it for text. */
const SETTABLE = {
  name: 'text',
  client_base_url: 'text',
  client_sync_path: 'text',
  client_attachment_path: 'text',
  client_auth: 'text',
  weight: 'integer',
  limit_per_minute: 'integer',
  limit_per_hour: 'integer',
  limit_per_day: 'integer',
  limit_unit: 'text',
  refuse_over_limit: 'integer',
  on_in_doubt: 'text',
  retry: 'text',
  reply_rules: 'text',
  allow_private_networks: 'integer',
  allowed_hosts: 'text',
  retention: 'text',
  suppression: 'text',
  max_pending: 'bigint',
  max_bytes: 'bigint',
} as const satisfies { readonly [Name in keyof TenantsTable]?: 'text' | 'integer' | 'bigint' };

type TenantColumn = keyof typeof SETTABLE;
/** The columns to change; an absent one stays. */
export type TenantChange = { readonly [Name in TenantColumn]?: TenantsTable[Name] };

/** A column is written where its `set_` is 1 and kept where it is 0, so that one statement serves every change. */
type UpdateInput = { readonly id: string; readonly now: number } & {
  readonly [Name in TenantColumn]: TenantsTable[Name] | null;
} & { readonly [Name in TenantColumn as `set_${Name}`]: number };

// Object.keys forgets which keys there are.
const COLUMNS = Object.keys(SETTABLE) as readonly TenantColumn[];

const INSERTED = ['id', 'suspended_at', 'created_at', 'updated_at', ...COLUMNS] as const;

/** The parameters of a change. */
export function updateInput(id: string, change: TenantChange, now: number): UpdateInput {
  const fields = COLUMNS.flatMap((column) => {
    const value = change[column];
    return [
      [column, value ?? null],
      [`set_${column}`, value === undefined ? 0 : 1],
    ];
  });
  // As above; COLUMNS are all of them.
  return { id, now, ...Object.fromEntries(fields) } as UpdateInput;
}

export interface TenantStatements {
  readonly insert: Prepared<TenantsTable, unknown>;
  /** Only where the id is free. */
  readonly insertAbsent: Prepared<TenantsTable, unknown>;
  readonly insertCursor: Prepared<{ readonly id: string }, unknown>;
  readonly find: Prepared<{ readonly id: string }, TenantsTable>;
  readonly list: Prepared<{ readonly after: string; readonly rows: number }, TenantsTable>;
  readonly ids: Prepared<object, { readonly id: string }>;
  readonly update: Prepared<UpdateInput, TenantsTable>;
  /** Before an update: forget what failed at the tenant's endpoint, and that it is gone, if the update moves it. */
  readonly forgive: Prepared<UpdateInput, unknown>;
  /** Change nothing where it is suspended already. */
  readonly suspend: Prepared<{ readonly id: string; readonly now: number }, unknown>;
  /** Change nothing where it is not suspended. */
  readonly activate: Prepared<{ readonly id: string; readonly now: number }, unknown>;
  readonly countWaiting: Prepared<{ readonly id: string }, { waiting: number }>;
  readonly remove: Prepared<{ readonly id: string }, unknown>;
  readonly dependants: Prepared<{ readonly id: string }, Dependants>;
  readonly waiting: Prepared<{ readonly id: string }, { readonly state: string; readonly count: number }>;
  /** Events of accounts, and of messages that are gone. */
  readonly removeEvents: Prepared<{ readonly id: string; readonly limit: number }, unknown>;
}

export function prepareTenantStatements(database: Database<CoreSchema>): TenantStatements {
  return {
    insert: database.prepare<TenantsTable>((k, p) => k.insertInto('tenants').values(picked(p, INSERTED))),
    insertAbsent: database.prepare<TenantsTable>((k, p) =>
      k
        .insertInto('tenants')
        .values(picked(p, INSERTED))
        .onConflict((conflict) => conflict.column('id').doNothing()),
    ),
    insertCursor: database.prepare<{ id: string }>((k, p) =>
      k
        .insertInto('report_cursors')
        .values({
          tenant_id: p.id,
          last_seq: 0,
          acked_seq: 0,
          failures: 0,
          next_attempt_at: 0,
          calls: 0,
          batch_failures: 0,
        })
        .onConflict((conflict) => conflict.column('tenant_id').doNothing()),
    ),
    find: database.prepare<{ id: string }, TenantsTable>((k, p) =>
      k.selectFrom('tenants').selectAll().where('id', '=', p.id),
    ),
    list: database.prepare<{ after: string; rows: number }, TenantsTable>((k, p) =>
      k.selectFrom('tenants').selectAll().where('id', '>', p.after).orderBy('id').limit(p.rows),
    ),
    ids: database.prepare<object, { id: string }>((k) => k.selectFrom('tenants').select('id').orderBy('id')),
    update: database.prepare<UpdateInput, TenantsTable>((k, p) => {
      const setOrKeep = <Name extends TenantColumn>(name: Name) =>
        sql<TenantsTable[Name]>`case when cast(${p[`set_${name}`]} as integer) = 1
          then cast(${p[name]} as ${sql.raw(SETTABLE[name])}) else ${sql.ref(name)} end`;
      return k
        .updateTable('tenants')
        .set({
          name: setOrKeep('name'),
          client_base_url: setOrKeep('client_base_url'),
          client_sync_path: setOrKeep('client_sync_path'),
          client_attachment_path: setOrKeep('client_attachment_path'),
          client_auth: setOrKeep('client_auth'),
          weight: setOrKeep('weight'),
          limit_per_minute: setOrKeep('limit_per_minute'),
          limit_per_hour: setOrKeep('limit_per_hour'),
          limit_per_day: setOrKeep('limit_per_day'),
          limit_unit: setOrKeep('limit_unit'),
          refuse_over_limit: setOrKeep('refuse_over_limit'),
          on_in_doubt: setOrKeep('on_in_doubt'),
          retry: setOrKeep('retry'),
          reply_rules: setOrKeep('reply_rules'),
          allow_private_networks: setOrKeep('allow_private_networks'),
          allowed_hosts: setOrKeep('allowed_hosts'),
          retention: setOrKeep('retention'),
          suppression: setOrKeep('suppression'),
          max_pending: setOrKeep('max_pending'),
          max_bytes: setOrKeep('max_bytes'),
          updated_at: p.now,
        })
        .where('id', '=', p.id)
        .returningAll();
    }),
    forgive: database.prepare<UpdateInput>((k, p) => {
      const moves = (name: 'client_base_url' | 'client_sync_path') =>
        sql<boolean>`(cast(${p[`set_${name}`]} as integer) = 1
          and coalesce(${sql.ref(`t.${name}`)}, '') <> coalesce(cast(${p[name]} as text), ''))`;
      return k
        .updateTable('report_cursors')
        .set(FORGIVEN)
        .where('tenant_id', '=', p.id)
        .where(({ exists, selectFrom, or }) =>
          exists(
            selectFrom('tenants as t')
              .select('t.id')
              .where('t.id', '=', p.id)
              .where(or([moves('client_base_url'), moves('client_sync_path')])),
          ),
        );
    }),
    suspend: database.prepare<{ id: string; now: number }>((k, p) =>
      k
        .updateTable('tenants')
        .set({ suspended_at: p.now, updated_at: p.now })
        .where('id', '=', p.id)
        .where('suspended_at', 'is', null),
    ),
    activate: database.prepare<{ id: string; now: number }>((k, p) =>
      k
        .updateTable('tenants')
        .set({ suspended_at: null, updated_at: p.now })
        .where('id', '=', p.id)
        .where('suspended_at', 'is not', null),
    ),
    // By its accounts: all waiting mail has an index by them.
    countWaiting: database.prepare<{ id: string }, { waiting: number }>((k, p) =>
      k
        .selectFrom('messages')
        .select((eb) => eb.fn.countAll<number>().as('waiting'))
        .where('account_pk', 'in', (eb) => eb.selectFrom('accounts').select('pk').where('tenant_id', '=', p.id))
        .where('state', '<>', sql.lit('final'))
        .where(sql<boolean>`state in ('preparing', 'ready', 'deferred')`),
    ),
    remove: database.prepare<{ id: string }>((k, p) =>
      k
        .deleteFrom('tenants')
        .where('id', '=', p.id)
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('accounts').select('pk').whereRef('accounts.tenant_id', '=', 'tenants.id'))),
        )
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('messages').select('pk').whereRef('messages.tenant_id', '=', 'tenants.id'))),
        ),
    ),
    waiting: database.prepare<{ id: string }, { state: string; count: number }>((k, p) =>
      k
        .selectFrom('messages')
        .select(['state', (eb) => eb.fn.countAll<number>().as('count')])
        .where('account_pk', 'in', (eb) => eb.selectFrom('accounts').select('pk').where('tenant_id', '=', p.id))
        .where('state', '<>', sql.lit('final'))
        .groupBy('state'),
    ),
    removeEvents: database.prepare<{ id: string; limit: number }>((k, p) =>
      k
        .deleteFrom('message_events')
        .where('pk', 'in', (eb) =>
          eb
            .selectFrom('message_events as e')
            .select('e.pk')
            .where('e.tenant_id', '=', p.id)
            .where('e.message_pk', 'is', null)
            .limit(p.limit),
        ),
    ),
    dependants: database.prepare<{ id: string }, Dependants>((k, p) =>
      k
        .selectFrom('tenants')
        .where('id', '=', p.id)
        .select(({ fn, selectFrom }) => [
          selectFrom('accounts')
            .select(fn.countAll<number>().as('n'))
            .whereRef('accounts.tenant_id', '=', 'tenants.id')
            .as('accounts'),
          selectFrom('messages')
            .select(fn.countAll<number>().as('n'))
            .whereRef('messages.tenant_id', '=', 'tenants.id')
            .where('messages.state', '<>', sql.lit('final'))
            .as('waiting_messages'),
        ])
        .$castTo<Dependants>(),
    ),
  };
}
