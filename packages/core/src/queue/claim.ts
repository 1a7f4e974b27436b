// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Statement } from '../database/statement.ts';
import type { OnInDoubt } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { LaneKey } from './lanes.ts';
import { byRank } from './rank.ts';
import { accountScope, DAY_MS, HOUR_MS, type LaneLimits, MINUTE_MS, tenantScope } from './rate-limits.ts';
import { ifSessionLives } from './session-lives.ts';

/** How much to take from one lane. */
export interface LaneQuota extends LaneKey {
  readonly quota: number;
  /** Null where neither the account nor its tenant has a rate limit. */
  readonly limits: LaneLimits | null;
  /** Claim although the account has a pause: the message is to show whether it works again. @defaultValue false */
  readonly probe?: boolean;
}

/** A message that this session owns now. */
export interface ClaimedMessage {
  readonly pk: string;
  readonly tenant_id: string;
  readonly id: string;
  readonly account_pk: string;
  /** The session that claimed it: only this one may send it. */
  readonly owner_session: number;
  readonly priority: number;
  readonly rank: number;
  readonly eligible_at: number;
  readonly attempts: number;
  readonly batch_code: string | null;
  readonly message_id: string;
  readonly expires_at: number | null;
  readonly on_in_doubt: OnInDoubt;
  /** Recipients that are still to be served. */
  readonly units: number;
  readonly created_at: number;
}

export interface ClaimOptions {
  readonly session: number;
  /** Milliseconds. */
  readonly now: number;
  /** Take immediate messages only. */
  readonly immediateOnly: boolean;
}

/** Messages by lane, in the order of the quotas; each lane in the order of its ranks. */
export type Claim = (lanes: readonly LaneQuota[], options: ClaimOptions) => Promise<readonly ClaimedMessage[][]>;

interface ClaimInput {
  readonly account_pk: string;
  readonly tenant_id: string;
  readonly quota: number;
  readonly session: number;
  readonly now: number;
  readonly below: number;
  /** 1 where a pause of the account does not matter. */
  readonly probe: number;
}

interface LimitedInput extends ClaimInput {
  readonly account_scope: string;
  readonly tenant_scope: string;
  readonly account_minute: number;
  readonly account_hour: number;
  readonly account_day: number;
  readonly tenant_minute: number;
  readonly tenant_hour: number;
  readonly tenant_day: number;
  /** 1 where recipients count, 0 where messages do. */
  readonly account_by_recipient: number;
  readonly tenant_by_recipient: number;
}

/** As it comes back; the owner is the session that claimed. */
type ClaimedRow = Omit<ClaimedMessage, 'owner_session'>;

/** Immediate messages have ranks below zero. */
const ANY_RANK = Number.MAX_SAFE_INTEGER;
/** Stands for no limit; what is in flight is taken off it. */
const NO_LIMIT = 1_000_000_000_000;

const CLAIMED = [
  'pk',
  'tenant_id',
  'id',
  'account_pk',
  'priority',
  'rank',
  'eligible_at',
  'attempts',
  'batch_code',
  'message_id',
  'expires_at',
  'on_in_doubt',
  'units',
  'created_at',
] as const;

/**
 * Take the next messages of lanes for a session: one statement a lane, all in one unit. A message is in one
 * session's hands at most, also when many instances claim from the same lane at once. A session that was ended gets
 * nothing, nor does a lane that may not send now: all that stops mail is a condition here, so that it holds for every
 * instance. A lane without rate limits pays for none.
 */
export function prepareClaim(db: Database<CoreSchema>): Claim {
  const plain = db.prepare<ClaimInput, ClaimedRow>((k, p) =>
    // Materialized: as a plain subquery PostgreSQL may run it once a row, and each run passes over what the one before
    // took, so that a claim takes more than its quota.
    k
      .with(
        (cte) => cte('next').materialized(),
        () => candidates(k, p).select('pk').limit(p.quota).modifyEnd(db.dialect.claimLock),
      )
      .updateTable('messages')
      .set({ state: sql.lit('leased'), owner_session: p.session, updated_at: p.now, handed_at: null })
      .where('pk', 'in', (eb) => eb.selectFrom('next').select('next.pk'))
      .where('state', '=', sql.lit('ready'))
      .returning(CLAIMED),
  );
  const limited = db.prepare<LimitedInput, ClaimedRow>((k, p) =>
    k
      .with(
        (cte) => cte('next').materialized(),
        () => candidates(k, p).select(['pk', 'rank', 'units']).limit(p.quota).modifyEnd(db.dialect.claimLock),
      )
      // What goes before a message, itself counted in.
      .with('running', (q) =>
        q
          .selectFrom('next')
          .select([
            'pk',
            sql<number>`count(*) over (order by rank, pk)`.as('messages'),
            sql<number>`sum(units) over (order by rank, pk)`.as('recipients'),
          ]),
      )
      .with(
        (cte) => cte('room').materialized(),
        () => roomOf(k, p),
      )
      .updateTable('messages')
      .set({ state: sql.lit('leased'), owner_session: p.session, updated_at: p.now, handed_at: null })
      .where('pk', 'in', (eb) =>
        eb
          .selectFrom('running')
          .select('running.pk')
          .where(fits('account', p.account_by_recipient))
          .where(fits('tenant', p.tenant_by_recipient)),
      )
      .where('state', '=', sql.lit('ready'))
      .returning(CLAIMED),
  );
  const lock = db.dialect.lockScope === null ? null : prepareLock(db, db.dialect.lockScope);

  return async (lanes, { session, now, immediateOnly }) => {
    const below = immediateOnly ? 0 : ANY_RANK;
    const claims = lanes.map(({ accountPk, tenantId, quota, limits, probe = false }) => {
      const input = { account_pk: accountPk, tenant_id: tenantId, quota, session, now, below, probe: probe ? 1 : 0 };
      return limits === null
        ? plain.bind(input)
        : limited.bind({ ...input, ...limitInput(accountPk, tenantId, limits) });
    });
    const locks = lock === null ? [] : locksOf(lanes, lock);
    const results = await db.write([...locks, ...claims]);
    // RETURNING promises no order. The locks' results come first.
    return results.slice(locks.length).map(({ rows }) =>
      // The statements behind the locks are claims.
      (rows as readonly ClaimedRow[]).map((row) => ({ ...row, owner_session: session })).toSorted(byRank),
    );
  };
}

/** Messages that may be claimed, in their order. Conditions on constants are looked up once, not once a row. */
function candidates(k: Kysely<CoreSchema>, p: ClaimInput) {
  return k
    .selectFrom('messages')
    .where('account_pk', '=', p.account_pk)
    .where('state', '=', sql.lit('ready'))
    .where('rank', '<', p.below)
    .where(ifSessionLives(p.session))
    .where(sql<SqlBool>`not exists (select 1 from instance where paused_at is not null)`)
    .where(sql<SqlBool>`not exists (select 1 from tenants where id = ${p.tenant_id} and suspended_at is not null)`)
    .where(
      sql<SqlBool>`(${p.probe} = 1 or not exists (select 1 from account_pauses where account_pk = ${p.account_pk}))`,
    )
    .where(
      sql<SqlBool>`(batch_code is null or not exists (
        select 1 from suspended_batches b where b.tenant_id = messages.tenant_id and b.batch_code = messages.batch_code
      ))`,
    )
    .orderBy('rank')
    .orderBy('pk');
}

/** What each scope may send besides what it sent in each window, and whether it sent nothing in it at all. */
function roomOf(k: Kysely<CoreSchema>, p: LimitedInput) {
  const used = (scope: string, windowMs: number): Expression<number> =>
    sql<number>`(select coalesce(sum(used), 0) from rate_uses
      where scope = ${scope} and window_ms = ${sql.lit(windowMs)} and bucket_at > ${p.now} - ${sql.lit(windowMs)})`;
  const flying = (column: 'account_pk' | 'tenant_id', value: string, byRecipient: number): Expression<number> =>
    sql<number>`(select coalesce(sum(case when ${byRecipient} = 1 then units else 1 end), 0) from messages
      where state = 'leased' and owner_session > 0 and ${sql.ref(column)} = ${value})`;
  const least = (parts: readonly Expression<number>[]): Expression<number> =>
    sql<number>`(select min(part) from (${sql.join(
      parts.map((part) => sql`select ${part} as part`),
      sql` union all `,
    )}) parts)`;
  const accountFlying = flying('account_pk', p.account_pk, p.account_by_recipient);
  const tenantFlying = flying('tenant_id', p.tenant_id, p.tenant_by_recipient);
  const left = (limit: number, scope: string, windowMs: number): Expression<number> =>
    sql<number>`${limit} - ${used(scope, windowMs)}`;
  const busy = (scope: string): Expression<number> =>
    sql<number>`(select coalesce(sum(used), 0) from rate_uses
      where scope = ${scope} and bucket_at > ${p.now} - window_ms)`;
  const account = least([
    left(p.account_minute, p.account_scope, MINUTE_MS),
    left(p.account_hour, p.account_scope, HOUR_MS),
    left(p.account_day, p.account_scope, DAY_MS),
  ]);
  const tenant = least([
    left(p.tenant_minute, p.tenant_scope, MINUTE_MS),
    left(p.tenant_hour, p.tenant_scope, HOUR_MS),
    left(p.tenant_day, p.tenant_scope, DAY_MS),
  ]);
  return k.selectNoFrom([
    sql<number>`${account} - ${accountFlying}`.as('account'),
    sql<number>`${tenant} - ${tenantFlying}`.as('tenant'),
    sql<number>`${busy(p.account_scope)} + ${accountFlying}`.as('account_busy'),
    sql<number>`${busy(p.tenant_scope)} + ${tenantFlying}`.as('tenant_busy'),
  ]);
}

/**
 * Whether a message fits into what its scope may still send. One that has more recipients than the limit itself would
 * wait for ever: it goes alone, once its windows are empty.
 */
function fits(scope: 'account' | 'tenant', byRecipient: number): Expression<SqlBool> {
  const room = sql`(select ${sql.ref(scope)} from room)`;
  const busy = sql`(select ${sql.ref(`${scope}_busy`)} from room)`;
  return sql<SqlBool>`(
    (case when ${byRecipient} = 1 then recipients else messages end) <= ${room}
    or (${byRecipient} = 1 and messages = 1 and ${busy} = 0)
  )`;
}

function limitInput(accountPk: string, tenantId: string, { account, tenant }: LaneLimits) {
  return {
    account_scope: accountScope(accountPk),
    tenant_scope: tenantScope(tenantId),
    account_minute: account.perMinute ?? NO_LIMIT,
    account_hour: account.perHour ?? NO_LIMIT,
    account_day: account.perDay ?? NO_LIMIT,
    tenant_minute: tenant.perMinute ?? NO_LIMIT,
    tenant_hour: tenant.perHour ?? NO_LIMIT,
    tenant_day: tenant.perDay ?? NO_LIMIT,
    account_by_recipient: account.unit === 'recipient' ? 1 : 0,
    tenant_by_recipient: tenant.unit === 'recipient' ? 1 : 0,
  };
}

type Lock = (scope: string) => Statement;

function prepareLock(db: Database<CoreSchema>, lockScope: NonNullable<typeof db.dialect.lockScope>): Lock {
  const lock = db.prepare<{ scope: string }>((k, p) => ({ compile: () => lockScope(p.scope).compile(k) }));
  return (scope) => lock.bind({ scope });
}

/** In one order for everybody, so that two claims never wait for each other. */
function locksOf(lanes: readonly LaneQuota[], lock: Lock): readonly Statement[] {
  const scopes = new Set<string>();
  for (const { accountPk, tenantId, limits } of lanes) {
    if (limits === null) continue;
    scopes.add(accountScope(accountPk));
    scopes.add(tenantScope(tenantId));
  }
  return [...scopes].toSorted().map(lock);
}
