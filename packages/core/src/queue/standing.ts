// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { Standing } from '../observability/stop-metrics.ts';
import { withReadyLanes } from './lanes.ts';

interface StandingRow {
  readonly ready_at: number | null;
  readonly deferred_at: number | null;
  readonly paused_accounts: number;
  readonly paused_by_hand: number;
  readonly suspended_tenants: number;
  readonly paused_at: number | null;
}

/**
 * Read it for the metrics. The lanes are stepped through as when they are looked for, and of each the first message is
 * looked at: a few look-ups a lane, however many messages wait.
 */
export function prepareStanding(db: Database<CoreSchema>): () => Promise<Standing> {
  const standing = db.prepare<object, StandingRow>((k) => ({
    compile: () =>
      sql<StandingRow>`
        ${withReadyLanes()}
        select
          (select min((select m.eligible_at from ${sql.table('messages')} m
            where m.account_pk = lane.account_pk and m.state = 'ready' order by m.rank, m.pk limit 1))
            from lane where lane.account_pk is not null) as ready_at,
          (select min(eligible_at) from ${sql.table('messages')} where state = 'deferred') as deferred_at,
          (select count(*) from ${sql.table('account_pauses')} where by_hand = 0) as paused_accounts,
          (select count(*) from ${sql.table('account_pauses')} where by_hand = 1) as paused_by_hand,
          (select count(*) from ${sql.table('tenants')} where suspended_at is not null) as suspended_tenants,
          (select max(paused_at) from ${sql.table('instance')}) as paused_at
      `.compile(k),
  }));
  return async () => {
    const [row] = await db.read(standing.bind({}));
    const due = [row?.ready_at, row?.deferred_at].filter((at) => typeof at === 'number');
    return {
      oldestDueAt: due.length === 0 ? null : Math.min(...due),
      pausedAccounts: row?.paused_accounts ?? 0,
      accountsPausedByHand: row?.paused_by_hand ?? 0,
      suspendedTenants: row?.suspended_tenants ?? 0,
      isPaused: typeof row?.paused_at === 'number',
    };
  };
}
