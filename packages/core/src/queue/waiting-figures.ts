// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { MessageState } from '../entities/message/message-state.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { withReadyLanes } from './lanes.ts';

/** What waits, of a tenant or of all. */
export interface WaitingFigures {
  /** States without messages are absent. */
  readonly byState: ReadonlyMap<MessageState, number>;
  /** 0 to 3; those without messages are absent. */
  readonly byPriority: ReadonlyMap<number, number>;
  /** Since when the message has been due that waits longest among those that are next in their lanes. Milliseconds. */
  readonly oldestDueAt: number | null;
}

export type ReadWaiting = (tenantId: string | null) => Promise<WaitingFigures>;

interface StateRow {
  readonly state: MessageState;
  readonly count: number;
}
interface PriorityRow {
  readonly priority: number;
  readonly count: number;
}
interface OldestRow {
  readonly immediate: number | null;
  readonly normal: number | null;
}
interface OfTenant {
  readonly tenant_id: string;
}

/**
 * Count what waits in the partial indexes of that alone, so that mail that is over costs nothing. Of a million waiting
 * messages that takes the database some tenths of a second: who asks often has to share what was found.
 */
export function prepareWaitingFigures(db: Database<CoreSchema>): ReadWaiting {
  const messages = sql.table('messages');
  const accounts = sql.table('accounts');
  const everything = sql`true`;
  const ofTenant = (p: OfTenant): RawBuilder<unknown> =>
    sql`account_pk in (select pk from ${accounts} where tenant_id = ${p.tenant_id})`;

  const states = (whose: RawBuilder<unknown>): RawBuilder<StateRow> => sql<StateRow>`
    select 'ready' as state, count(*) as count from ${messages} where state = 'ready' and ${whose}
    union all select 'leased', count(*) from ${messages} where state = 'leased' and owner_session > 0 and ${whose}
    union all select state, count(*) from ${messages}
      where state in ('preparing', 'deferred', 'held', 'suspended', 'in_doubt') and ${whose} group by state`;
  const priorities = (whose: RawBuilder<unknown>): RawBuilder<PriorityRow> => sql<PriorityRow>`
    select priority, count(*) as count from ${messages} where state <> 'final' and ${whose} group by priority`;
  const head = (which: RawBuilder<unknown>): RawBuilder<unknown> => sql`(
    select eligible_at from ${messages}
    where account_pk = lane.account_pk and state = 'ready' and ${which} order by rank, pk limit 1
  )`;
  const oldest = (lanes: RawBuilder<unknown>): RawBuilder<OldestRow> => sql<OldestRow>`
    ${lanes} select min(${head(sql`rank < 0`)}) as immediate, min(${head(sql`rank >= 0`)}) as normal from lane`;
  const lanesOf = (p: OfTenant): RawBuilder<unknown> =>
    sql`with lane(account_pk) as (select pk from ${accounts} where tenant_id = ${p.tenant_id})`;

  const allStates = db.prepare<object, StateRow>((k) => ({ compile: () => states(everything).compile(k) }));
  const tenantStates = db.prepare<OfTenant, StateRow>((k, p) => ({ compile: () => states(ofTenant(p)).compile(k) }));
  const allPriorities = db.prepare<object, PriorityRow>((k) => ({ compile: () => priorities(everything).compile(k) }));
  const tenantPriorities = db.prepare<OfTenant, PriorityRow>((k, p) => ({
    compile: () => priorities(ofTenant(p)).compile(k),
  }));
  const allOldest = db.prepare<object, OldestRow>((k) => ({ compile: () => oldest(withReadyLanes()).compile(k) }));
  const tenantOldest = db.prepare<OfTenant, OldestRow>((k, p) => ({ compile: () => oldest(lanesOf(p)).compile(k) }));

  return async (tenantId) => {
    const whose = { tenant_id: tenantId ?? '' };
    const isAll = tenantId === null;
    const [byState, byPriority, [due]] = await Promise.all([
      db.read(isAll ? allStates.bind({}) : tenantStates.bind(whose)),
      db.read(isAll ? allPriorities.bind({}) : tenantPriorities.bind(whose)),
      db.read(isAll ? allOldest.bind({}) : tenantOldest.bind(whose)),
    ]);
    const times = [due?.immediate, due?.normal].filter((at) => at !== null && at !== undefined);
    return {
      byState: new Map(byState.filter(({ count }) => count > 0).map(({ state, count }) => [state, count])),
      byPriority: new Map(byPriority.map(({ priority, count }) => [priority, count])),
      oldestDueAt: times.length === 0 ? null : Math.min(...times),
    };
  };
}
