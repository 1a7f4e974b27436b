// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared } from '../../database/statement.ts';
import type { Dependants } from '../delete-unused.ts';
import type { CoreSchema } from '../schema.ts';
import type { TenantsTable } from './tenant.table.ts';

type Setting = 'name' | 'client_base_url' | 'client_sync_path' | 'client_attachment_path' | 'client_auth';

/** A column is written where its `set_` is 1 and kept where it is 0, so that one statement serves every change. */
type UpdateInput = { readonly id: string; readonly now: number } & {
  readonly [Name in Setting]: string | null;
} & { readonly [Name in Setting as `set_${Name}`]: number };

export interface TenantStatements {
  readonly insert: Prepared<TenantsTable, unknown>;
  /** Nothing but the id, and only where it is absent. */
  readonly insertBare: Prepared<{ readonly id: string; readonly now: number }, unknown>;
  readonly insertCursor: Prepared<{ readonly id: string }, unknown>;
  readonly find: Prepared<{ readonly id: string }, TenantsTable>;
  readonly list: Prepared<{ readonly after: string; readonly rows: number }, TenantsTable>;
  readonly ids: Prepared<object, { readonly id: string }>;
  readonly update: Prepared<UpdateInput, TenantsTable>;
  readonly remove: Prepared<{ readonly id: string }, unknown>;
  readonly dependants: Prepared<{ readonly id: string }, Dependants>;
}

export function prepareTenantStatements(database: Database<CoreSchema>): TenantStatements {
  return {
    insert: database.prepare<TenantsTable>((k, p) =>
      k.insertInto('tenants').values({
        id: p.id,
        name: p.name,
        client_base_url: p.client_base_url,
        client_sync_path: p.client_sync_path,
        client_attachment_path: p.client_attachment_path,
        client_auth: p.client_auth,
        created_at: p.created_at,
        updated_at: p.updated_at,
      }),
    ),
    insertBare: database.prepare<{ id: string; now: number }>((k, p) =>
      k
        .insertInto('tenants')
        .values({ id: p.id, created_at: p.now, updated_at: p.now })
        .onConflict((conflict) => conflict.column('id').doNothing()),
    ),
    insertCursor: database.prepare<{ id: string }>((k, p) =>
      k
        .insertInto('report_cursors')
        .values({ tenant_id: p.id, last_seq: 0, acked_seq: 0, failures: 0, next_attempt_at: 0 })
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
      const setOrKeep = (name: Setting) =>
        sql<
          string | null
        >`case when cast(${p[`set_${name}`]} as integer) = 1 then cast(${p[name]} as text) else ${sql.ref(name)} end`;
      return k
        .updateTable('tenants')
        .set({
          name: setOrKeep('name'),
          client_base_url: setOrKeep('client_base_url'),
          client_sync_path: setOrKeep('client_sync_path'),
          client_attachment_path: setOrKeep('client_attachment_path'),
          client_auth: setOrKeep('client_auth'),
          updated_at: p.now,
        })
        .where('id', '=', p.id)
        .returningAll();
    }),
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
