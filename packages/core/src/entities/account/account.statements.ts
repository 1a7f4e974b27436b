// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared } from '../../database/statement.ts';
import type { Dependants } from '../delete-unused.ts';
import { picked } from '../picked.ts';
import type { CoreSchema } from '../schema.ts';
import { type AccountKey, type AccountRelayColumns, type AccountRow, RELAY_TENANT_COLUMNS } from './account.model.ts';
import type { AccountsTable, AccountType } from './account.table.ts';

type Own = Pick<AccountsTable, 'pk' | 'tenant_id'>;

export interface AccountStatements {
  /** Inserts nothing where there is no such tenant. */
  readonly insert: Prepared<AccountsTable, unknown>;
  /**
   * Changes nothing where `version` is not the next one, or where `oauth` is not what it was: a refresh token is
   * replaced without a new version.
   */
  readonly update: Prepared<AccountsTable & SealedBefore, unknown>;
  readonly clearDefault: Prepared<Own & Pick<AccountsTable, 'updated_at'>, unknown>;
  readonly find: Prepared<{ readonly ref: string; readonly tenant_id: string | null }, AccountRow>;
  /** With what of its tenant governs the sending. */
  readonly relay: Prepared<{ readonly pk: string }, AccountRelayColumns>;
  readonly listAll: Prepared<{ readonly after: string; readonly rows: number }, AccountRow>;
  readonly listOfTenant: Prepared<
    {
      readonly tenant_id: string;
      readonly type: AccountType | null;
      readonly after: string;
      readonly rows: number;
    },
    AccountRow
  >;
  readonly resolve: Prepared<Pick<AccountsTable, 'tenant_id' | 'id'>, AccountKey>;
  readonly resolveDefault: Prepared<
    Pick<AccountsTable, 'tenant_id'>,
    AccountKey & Pick<AccountsTable, 'is_default' | 'type'>
  >;
  readonly resolveSandbox: Prepared<
    { readonly tenant_id: string; readonly id: string | null },
    AccountKey & Pick<AccountsTable, 'is_default'>
  >;
  readonly remove: Prepared<Own, unknown>;
  readonly dependants: Prepared<Own, Dependants>;
  readonly waiting: Prepared<Own, { readonly state: string; readonly count: number }>;
}

/** What was read, so that a change puts back no value that a rotation of keys replaced meanwhile. */
type SealedBefore = {
  readonly [Column in 'password' | 'oauth' | 'tls_client_key' as `${Column}_before`]: AccountsTable[Column];
};

/** What a change may write. */
const SETTABLE = [
  'host',
  'port',
  'host_checked',
  'username',
  'password',
  'auth_method',
  'oauth',
  'tls',
  'tls_servername',
  'tls_ca',
  'tls_insecure',
  'tls_min_version',
  'tls_client_cert',
  'tls_client_key',
  'ehlo_name',
  'is_default',
  'max_connections',
  'max_messages_per_connection',
  'weight',
  'limit_per_minute',
  'limit_per_hour',
  'limit_per_day',
  'limit_behavior',
  'limit_unit',
  'retry',
  'version',
  'updated_at',
] as const satisfies readonly (keyof AccountsTable)[];

const COLUMNS = [
  'pk',
  'tenant_id',
  'id',
  'type',
  'created_at',
  ...SETTABLE,
] as const satisfies readonly (keyof AccountsTable)[];

const PAUSE_COLUMNS = [
  'account_pauses.since',
  'account_pauses.until_at',
  'account_pauses.failures',
  'account_pauses.reason',
  'account_pauses.by_hand',
] as const;

export function prepareAccountStatements(database: Database<CoreSchema>): AccountStatements {
  return {
    insert: database.prepare((k, p) =>
      k
        .insertInto('accounts')
        .columns(COLUMNS)
        .expression((eb) =>
          eb
            .selectFrom('tenants')
            .select(COLUMNS.map((column) => eb.val(p[column]).as(column)))
            .where('tenants.id', '=', p.tenant_id),
        ),
    ),
    update: database.prepare((k, p) =>
      k
        .updateTable('accounts')
        .set(picked(p, SETTABLE))
        .where('pk', '=', p.pk)
        .where(sql<number>`version + 1`, '=', p.version)
        .where(sql<boolean>`oauth is not distinct from cast(${p.oauth_before} as text)`)
        .where(sql<boolean>`password is not distinct from cast(${p.password_before} as text)`)
        .where(sql<boolean>`tls_client_key is not distinct from cast(${p.tls_client_key_before} as text)`),
    ),
    // A change like any other, so that an update that read the row before does not overwrite it.
    clearDefault: database.prepare((k, p) =>
      k
        .updateTable('accounts')
        .set({ is_default: 0, version: sql<number>`version + 1`, updated_at: p.updated_at })
        .where('tenant_id', '=', p.tenant_id)
        .where('is_default', '=', sql.lit(1))
        .where('pk', '<>', p.pk),
    ),
    // The row whose pk it is, and two more: enough to tell one from several.
    find: database.prepare((k, p) =>
      k
        .selectFrom('accounts')
        .leftJoin('account_pauses', 'account_pauses.account_pk', 'accounts.pk')
        .selectAll('accounts')
        .select(PAUSE_COLUMNS)
        .where((eb) => eb.or([eb('pk', '=', p.ref), eb('id', '=', p.ref)]))
        .where(sql<boolean>`(cast(${p.tenant_id} as text) is null or tenant_id = cast(${p.tenant_id} as text))`)
        .orderBy(sql`case when pk = cast(${p.ref} as text) then 0 else 1 end`)
        .limit(sql.lit(3)),
    ),
    relay: database.prepare((k, p) =>
      k
        .selectFrom('accounts')
        .innerJoin('tenants', 'tenants.id', 'accounts.tenant_id')
        .selectAll('accounts')
        .select(RELAY_TENANT_COLUMNS.map((column) => `tenants.${column} as tenant_${column}` as const))
        .where('accounts.pk', '=', p.pk)
        .$castTo<AccountRelayColumns>(),
    ),
    listAll: database.prepare((k, p) =>
      k
        .selectFrom('accounts')
        .leftJoin('account_pauses', 'account_pauses.account_pk', 'accounts.pk')
        .selectAll('accounts')
        .select(PAUSE_COLUMNS)
        .where('pk', '>', p.after)
        .orderBy('pk')
        .limit(p.rows),
    ),
    listOfTenant: database.prepare((k, p) =>
      k
        .selectFrom('accounts')
        .leftJoin('account_pauses', 'account_pauses.account_pk', 'accounts.pk')
        .selectAll('accounts')
        .select(PAUSE_COLUMNS)
        .where('tenant_id', '=', p.tenant_id)
        .where(sql<boolean>`(cast(${p.type} as text) is null or type = cast(${p.type} as text))`)
        .where('pk', '>', p.after)
        .orderBy('pk')
        .limit(p.rows),
    ),
    resolve: database.prepare((k, p) =>
      k.selectFrom('accounts').select(['pk', 'id']).where('tenant_id', '=', p.tenant_id).where('id', '=', p.id),
    ),
    resolveDefault: database.prepare((k, p) =>
      k
        .selectFrom('accounts')
        .select(['pk', 'id', 'is_default'])
        .where('tenant_id', '=', p.tenant_id)
        // Mail that names no account is meant to go out, unless somebody made a sandbox the default.
        .where(sql<boolean>`(type <> 'sandbox' or is_default = 1)`)
        .orderBy('is_default', 'desc')
        .limit(sql.lit(2)),
    ),
    resolveSandbox: database.prepare((k, p) =>
      k
        .selectFrom('accounts')
        .select(['pk', 'id', 'is_default'])
        .where('tenant_id', '=', p.tenant_id)
        .where('type', '=', sql.lit('sandbox'))
        .where(sql<boolean>`(cast(${p.id} as text) is null or id = cast(${p.id} as text))`)
        .orderBy('is_default', 'desc')
        .limit(sql.lit(2)),
    ),
    remove: database.prepare((k, p) =>
      k
        .deleteFrom('accounts')
        .where('pk', '=', p.pk)
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('messages').select('pk').whereRef('messages.account_pk', '=', 'accounts.pk'))),
        ),
    ),
    waiting: database.prepare((k, p) =>
      k
        .selectFrom('messages')
        .select(['state', (eb) => eb.fn.countAll<number>().as('count')])
        .where('account_pk', '=', p.pk)
        .where('tenant_id', '=', p.tenant_id)
        .where('state', '<>', sql.lit('final'))
        .groupBy('state'),
    ),
    dependants: database.prepare((k, p) =>
      k
        .selectFrom('accounts')
        .where('pk', '=', p.pk)
        .select(({ fn, selectFrom }) => [
          selectFrom('messages')
            .select(fn.countAll<number>().as('n'))
            .whereRef('messages.account_pk', '=', 'accounts.pk')
            .where('messages.state', '<>', sql.lit('final'))
            .as('waiting_messages'),
          selectFrom('messages')
            .select(fn.countAll<number>().as('n'))
            .whereRef('messages.account_pk', '=', 'accounts.pk')
            .as('messages'),
        ])
        .$castTo<Dependants>(),
    ),
  };
}
