// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { byRank } from './rank.ts';
import { ifSessionLives } from './session-lives.ts';

/** How much to take from one lane. */
export interface LaneQuota {
  readonly accountPk: string;
  readonly quota: number;
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
  readonly attempts: number;
  readonly message_id: string;
  readonly expires_at: number | null;
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
  readonly quota: number;
  readonly session: number;
  readonly now: number;
  readonly below: number;
}

/** As it comes back; the owner is the session that claimed. */
type ClaimedRow = Omit<ClaimedMessage, 'owner_session'>;

/** Immediate messages have ranks below zero. */
const ANY_RANK = Number.MAX_SAFE_INTEGER;

/**
 * Take the next messages of lanes for a session: one statement a lane, all in one unit. A message is in one
 * session's hands at most, also when many instances claim from the same lane at once. A session that was ended gets
 * nothing.
 */
export function prepareClaim(db: Database<CoreSchema>): Claim {
  const claim = db.prepare<ClaimInput, ClaimedRow>((k, p) => {
    // Materialized: as a plain subquery PostgreSQL may run it once a row, and each run passes over what the one before
    // took, so that a claim takes more than its quota.
    return k
      .with(
        (cte) => cte('next').materialized(),
        (q) =>
          q
            .selectFrom('messages')
            .select('pk')
            .where('account_pk', '=', p.account_pk)
            .where('state', '=', sql.lit('ready'))
            .where('rank', '<', p.below)
            .where(ifSessionLives(p.session))
            .orderBy('rank')
            .orderBy('pk')
            .limit(p.quota)
            .modifyEnd(db.dialect.claimLock),
      )
      .updateTable('messages')
      .set({ state: sql.lit('leased'), owner_session: p.session, updated_at: p.now })
      .where('pk', 'in', (eb) => eb.selectFrom('next').select('next.pk'))
      .where('state', '=', sql.lit('ready'))
      .returning([
        'pk',
        'tenant_id',
        'id',
        'account_pk',
        'priority',
        'rank',
        'attempts',
        'message_id',
        'expires_at',
        'created_at',
      ]);
  });

  return async (lanes, { session, now, immediateOnly }) => {
    const below = immediateOnly ? 0 : ANY_RANK;
    const results = await db.write(
      lanes.map(({ accountPk, quota }) => claim.bind({ account_pk: accountPk, quota, session, now, below })),
    );
    // RETURNING promises no order.
    return results.map(({ rows }) => rows.map((row) => ({ ...row, owner_session: session })).toSorted(byRank));
  };
}
