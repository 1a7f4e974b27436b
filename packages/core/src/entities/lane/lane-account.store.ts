// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared } from '../../database/statement.ts';
import type { Reach } from '../../operations/principal.ts';
import type { AccountPausesTable, AccountsTable } from '../account/account.table.ts';
import { type Paging, pageInput } from '../paging.ts';
import type { CoreSchema } from '../schema.ts';
import type { TenantsTable } from '../tenant/tenant.table.ts';
import type { LaneFilter } from './lane.operations.ts';

const ACCOUNT_COLUMNS = [
  'pk',
  'tenant_id',
  'id',
  'host',
  'port',
  'limit_per_minute',
  'limit_per_hour',
  'limit_per_day',
  'limit_unit',
] as const satisfies readonly (keyof AccountsTable)[];

const TENANT_COLUMNS = [
  'suspended_at',
  'limit_per_minute',
  'limit_per_hour',
  'limit_per_day',
  'limit_unit',
] as const satisfies readonly (keyof TenantsTable)[];

const PAUSE_COLUMNS = [
  'since',
  'until_at',
  'failures',
  'reason',
  'by_hand',
] as const satisfies readonly (keyof AccountPausesTable)[];

/** What an account says of its lane, with what its tenant does, and its pause if there is one. */
export type LaneAccount = Pick<AccountsTable, (typeof ACCOUNT_COLUMNS)[number]> & {
  readonly [Column in (typeof TENANT_COLUMNS)[number] as `tenant_${Column}`]: TenantsTable[Column];
} & { readonly [Column in (typeof PAUSE_COLUMNS)[number] as `pause_${Column}`]: AccountPausesTable[Column] | null };

interface Input {
  readonly after: string;
  readonly rows: number;
  readonly tenant_id: string;
  readonly account: string;
}

/** Lanes whose state may be the one that is asked for; the rest is found out by who asks. */
export type LaneCandidates = 'idle' | 'busy' | 'paused' | 'suspended';

type Condition = 'tenant_id' | 'account' | LaneCandidates;

export interface LaneAccountStore {
  /** Accounts in the order of their primary keys; one more than the page holds, if there is one. */
  page(
    reach: Reach,
    filter: Pick<LaneFilter, 'account'> & { readonly candidates?: LaneCandidates | undefined },
    paging: Paging,
  ): Promise<readonly LaneAccount[]>;
}

/** Each set of conditions is a statement of its own, made when it is asked for the first time. */
export function createLaneAccountStore(db: Database<CoreSchema>): LaneAccountStore {
  const known = new Map<string, Prepared<Partial<Input>, LaneAccount>>();
  const prepare = (conditions: readonly Condition[]) =>
    db.prepare<Partial<Input>, LaneAccount>((k, input) => {
      // A condition is used exactly where its value is given.
      const p = input as Input;
      return k
        .selectFrom('accounts as a')
        .innerJoin('tenants as t', 't.id', 'a.tenant_id')
        .leftJoin('account_pauses as p', 'p.account_pk', 'a.pk')
        .select(ACCOUNT_COLUMNS.map((column) => `a.${column}` as const))
        .select(TENANT_COLUMNS.map((column) => `t.${column} as tenant_${column}` as const))
        .select(PAUSE_COLUMNS.map((column) => `p.${column} as pause_${column}` as const))
        .where('a.pk', '>', p.after)
        .where((eb) => eb.and(conditions.map((condition) => conditionOf(condition, p))))
        .orderBy('a.pk')
        .limit(p.rows)
        .$castTo<LaneAccount>();
    });
  return {
    page({ tenantId }, { account, candidates }, paging) {
      const conditions: Condition[] = [
        ...(tenantId === null ? [] : (['tenant_id'] as const)),
        ...(account === undefined ? [] : (['account'] as const)),
        ...(candidates === undefined ? [] : [candidates]),
      ];
      const key = conditions.join(',');
      const prepared = known.get(key) ?? prepare(conditions);
      known.set(key, prepared);
      return db.read(
        prepared.bind({
          ...pageInput(paging),
          ...(tenantId === null ? {} : { tenant_id: tenantId }),
          ...(account === undefined ? {} : { account }),
        }),
      );
    },
  };
}

/** One look into the index of waiting mail for each account. */
const HAS_MAIL = sql`exists (
  select 1 from ${sql.table('messages')} m where m.account_pk = a.pk and m.state <> 'final'
)`;

function conditionOf(condition: Condition, p: Input): RawBuilder<boolean> {
  switch (condition) {
    case 'tenant_id':
      return sql<boolean>`a.tenant_id = ${p.tenant_id}`;
    case 'account':
      return sql<boolean>`(a.id = ${p.account} or a.pk = ${p.account})`;
    case 'busy':
      return sql<boolean>`t.suspended_at is null and ${HAS_MAIL}`;
    case 'idle':
      return sql<boolean>`t.suspended_at is null and p.since is null and not ${HAS_MAIL}`;
    case 'paused':
      return sql<boolean>`t.suspended_at is null and p.since is not null`;
    case 'suspended':
      return sql<boolean>`t.suspended_at is not null`;
    default:
      return condition satisfies never;
  }
}
