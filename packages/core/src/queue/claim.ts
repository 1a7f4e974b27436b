// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import { CommitInDoubt, type Database } from '../database/database.ts';
import type { StatementResult } from '../database/statement.ts';
import type { OnInDoubt } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { MailProxyError } from '../errors.ts';
import type { LaneKey } from './lanes.ts';
import { byRank } from './rank.ts';
import { accountScope, DAY_MS, HOUR_MS, type LaneLimits, MINUTE_MS, tenantScope } from './rate-limits.ts';
import { prepareScopeLocks } from './scope-locks.ts';
import { ifSessionLives } from './session-lives.ts';

/** How much to take from one lane. */
export interface LaneQuota extends LaneKey {
  readonly quota: number;
  /** Null where neither the account nor its tenant has a rate limit. */
  readonly limits: LaneLimits | null;
  /** Claim although the account has a pause after failures: the message is to show whether it works again. @defaultValue false */
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

/** Nobody knows whether these are claimed: the connection broke during the commit. None of them is begun. */
export class ClaimInDoubt extends MailProxyError {
  readonly messages: readonly ClaimedMessage[];

  constructor(messages: readonly ClaimedMessage[], cause: CommitInDoubt) {
    super(cause.code, { detail: cause.message, cause });
    this.messages = messages;
  }
}

/**
 * Messages by lane, in the order of the quotas; each lane in the order of its ranks.
 *
 * @throws {ClaimInDoubt}
 */
export type Claim = (lanes: readonly LaneQuota[], options: ClaimOptions) => Promise<readonly ClaimedMessage[][]>;

interface ClaimInput {
  readonly account_pk: string;
  readonly tenant_id: string;
  readonly quota: number;
  readonly session: number;
  readonly now: number;
  readonly below: number;
  /** 1 where a pause of the account after failures does not matter. */
  readonly probe: number;
}

interface LimitedInput extends ClaimInput {
  readonly account_scope: string;
  readonly tenant_scope: string;
  /** What is in a bucket that ended by then counts no more. */
  readonly minute_ago: number;
  readonly hour_ago: number;
  readonly day_ago: number;
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

type Scope = 'account' | 'tenant';

/** As it comes back; the owner is the session that claimed. */
export type ClaimedRow = Omit<ClaimedMessage, 'owner_session'>;

/** Immediate messages have ranks below zero. */
const ANY_RANK = Number.MAX_SAFE_INTEGER;
/** Stands for no limit, and for room without end. */
const NO_LIMIT = 1_000_000_000_000;

export const CLAIMED = [
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
    // took, so that a claim takes more than its quota. What it found is locked, so the update does not ask for the state
    // again: PostgreSQL would take that for a reason to walk all that is ready.
    k
      .with(
        (cte) => cte('next').materialized(),
        () => candidates(k, p).select('pk').limit(p.quota).modifyEnd(db.dialect.claimLock),
      )
      .updateTable('messages')
      .set({ state: sql.lit('leased'), owner_session: p.session, updated_at: p.now, handed_at: null })
      .where('pk', 'in', (eb) => eb.selectFrom('next').select('next.pk'))
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
        (cte) => cte('flying').materialized(),
        () => flyingNow(p),
      )
      .with(
        (cte) => cte('windows').materialized(),
        () => windowsNow(p),
      )
      .with(
        (cte) => cte('room').materialized(),
        () => roomNow(),
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
      .returning(CLAIMED),
  );
  const locksOf = prepareScopeLocks(db);

  return async (lanes, { session, now, immediateOnly }) => {
    const below = immediateOnly ? 0 : ANY_RANK;
    const claims = lanes.map(({ accountPk, tenantId, quota, limits, probe = false }) => {
      const input = { account_pk: accountPk, tenant_id: tenantId, quota, session, now, below, probe: probe ? 1 : 0 };
      return limits === null
        ? plain.bind(input)
        : limited.bind({ ...input, ...windowInput(now), ...limitInput(accountPk, tenantId, limits) });
    });
    const locks = locksOf(limitedScopes(lanes));
    // RETURNING promises no order. The locks' results come first.
    const claimedOf = (results: readonly StatementResult[]): ClaimedMessage[][] =>
      results.slice(locks.length).map(({ rows }) =>
        // The statements behind the locks are claims.
        (rows as readonly ClaimedRow[]).map((row) => ({ ...row, owner_session: session })).toSorted(byRank),
      );
    try {
      return claimedOf(await db.write([...locks, ...claims]));
    } catch (error) {
      throw error instanceof CommitInDoubt ? new ClaimInDoubt(claimedOf(error.results).flat(), error) : error;
    }
  };
}

/** What keeps the messages of suspended batches back until they are parked. */
export const ofNoSuspendedBatch: Expression<SqlBool> = sql<SqlBool>`(batch_code is null or not exists (
  select 1 from ${sql.table('suspended_batches')} b
    where b.tenant_id = messages.tenant_id and b.batch_code = messages.batch_code
))`;

/** The operator has stopped neither everything nor the tenant. */
export function nothingIsStopped(tenantId: string): Expression<SqlBool> {
  return sql<SqlBool>`(
    not exists (select 1 from ${sql.table('instance')} where paused_at is not null)
    and not exists (select 1 from ${sql.table('tenants')} where id = ${tenantId} and suspended_at is not null)
  )`;
}

/** Messages that may be claimed, in their order. Conditions on constants are looked up once, not once a row. */
function candidates(k: Kysely<CoreSchema>, p: ClaimInput) {
  return k
    .selectFrom('messages')
    .where('account_pk', '=', p.account_pk)
    .where('state', '=', sql.lit('ready'))
    .where('rank', '<', p.below)
    .where(ifSessionLives(p.session))
    .where(nothingIsStopped(p.tenant_id))
    .where(
      sql<SqlBool>`not exists (select 1 from ${sql.table('account_pauses')}
      where account_pk = ${p.account_pk}
        and case when by_hand = 1 then (failures > 0 or until_at > ${p.now}) else ${p.probe} = 0 end)`,
    )
    .where(ofNoSuspendedBatch)
    .orderBy('rank')
    .orderBy('pk');
}

/**
 * What of each scope is claimed and not settled yet, in the unit of its limits. One look at all that is in flight: by
 * the tenant alone SQLite would walk every message that it ever had.
 */
function flyingNow(p: LimitedInput): RawBuilder<Record<Scope, number>> {
  const sum = (column: 'account_pk' | 'tenant_id', value: string, byRecipient: number) =>
    sql`coalesce(sum(case when ${sql.ref(column)} <> ${value} then 0 when ${byRecipient} = 1 then units else 1 end), 0)`;
  return sql`(select
    ${sum('account_pk', p.account_pk, p.account_by_recipient)} as account,
    ${sum('tenant_id', p.tenant_id, p.tenant_by_recipient)} as tenant
    from ${sql.table('messages')} where state = 'leased' and owner_session > 0)`;
}

/** Each window of each scope: what it allows, and what is taken of that by what was sent and by what is in flight. */
function windowsNow(p: LimitedInput): RawBuilder<{ scope: Scope; allowed: number; taken: number }> {
  const window = (scope: Scope, allowed: number, windowMs: number, since: number) =>
    // Without its type PostgreSQL takes a parameter in a union for text.
    sql`select ${sql.lit(scope)} as scope, cast(${allowed} as bigint) as allowed,
      (select ${sql.ref(scope)} from flying) + (select coalesce(sum(used), 0) from ${sql.table('rate_uses')}
        where scope = ${p[`${scope}_scope`]} and window_ms = ${sql.lit(windowMs)} and bucket_at > ${since}) as taken`;
  const windows = [
    window('account', p.account_minute, MINUTE_MS, p.minute_ago),
    window('account', p.account_hour, HOUR_MS, p.hour_ago),
    window('account', p.account_day, DAY_MS, p.day_ago),
    window('tenant', p.tenant_minute, MINUTE_MS, p.minute_ago),
    window('tenant', p.tenant_hour, HOUR_MS, p.hour_ago),
    window('tenant', p.tenant_day, DAY_MS, p.day_ago),
  ];
  return sql`(${sql.join(windows, sql` union all `)})`;
}

/** What each scope may send besides, and how large a message may go alone: as large as it is where nothing is taken. */
function roomNow(): RawBuilder<Record<Scope | `${Scope}_alone`, number>> {
  const least = (scope: Scope, room: RawBuilder<unknown>) =>
    sql`min(case when scope = ${sql.lit(scope)} then ${room} end)`;
  const room = sql`allowed - taken`;
  const alone = sql`case when taken = 0 then ${sql.lit(NO_LIMIT)} else ${room} end`;
  return sql`(select
    ${least('account', room)} as account, ${least('account', alone)} as account_alone,
    ${least('tenant', room)} as tenant, ${least('tenant', alone)} as tenant_alone
    from windows)`;
}

/**
 * Whether a message fits into what its scope may still send. One that has more recipients than a limit would wait for
 * ever: it goes alone, once the windows that are too small for it are empty.
 */
function fits(scope: Scope, byRecipient: number): Expression<SqlBool> {
  return sql<SqlBool>`(
    (case when ${byRecipient} = 1 then recipients else messages end) <= (select ${sql.ref(scope)} from room)
    or (${byRecipient} = 1 and messages = 1 and recipients <= (select ${sql.ref(`${scope}_alone`)} from room))
  )`;
}

/** Computed here: PostgreSQL takes a parameter minus a number for one of its 32 bits. */
function windowInput(now: number) {
  return { minute_ago: now - MINUTE_MS, hour_ago: now - HOUR_MS, day_ago: now - DAY_MS };
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

/** The scopes whose limits a claim reads, which no other claim may read meanwhile. */
function limitedScopes(lanes: readonly LaneQuota[]): readonly string[] {
  return lanes.flatMap(({ accountPk, tenantId, limits }) =>
    limits === null ? [] : [accountScope(accountPk), tenantScope(tenantId)],
  );
}
