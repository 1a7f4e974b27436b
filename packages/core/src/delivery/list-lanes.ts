// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { LaneFilter, ListLanes } from '../entities/lane/lane.operations.ts';
import type { LaneOutput } from '../entities/lane/lane.schema.ts';
import type { LaneAccount, LaneAccountStore, LaneCandidates } from '../entities/lane/lane-account.store.ts';
import { type Page, pageFrom } from '../entities/paging.ts';
import type { TrafficCounts } from '../entities/statistics/statistics.table.ts';
import type { Reach } from '../operations/principal.ts';
import type { LaneFigureReads, LaneFigures } from '../queue/lane-figures.ts';
import type { ReadLimits } from '../queue/limit-figures.ts';
import type { ClaimWait } from './claim-line.ts';
import { laneView } from './lane-view.ts';
import { limitViews } from './limit-views.ts';

export interface ListLanesServices {
  readonly clock: Clock;
  readonly laneAccounts: LaneAccountStore;
  readonly laneFigures: LaneFigureReads;
  readonly readLimits: ReadLimits;
  /** Whether the operator stopped all sending. */
  readonly isPaused: () => Promise<boolean>;
  /** What this instance's dispatcher goes by besides. */
  readonly claimWaits: (accountPk: string, isImmediate: boolean) => readonly ClaimWait[];
  /** Open connections of this instance, by account. */
  readonly connections: () => ReadonlyMap<string, number>;
  readonly lastMinuteOf: (accountPk: string) => TrafficCounts;
}

/** Lanes looked at in one call, where a state is asked for that few have. */
const MAX_LOOKED_AT = 2_000;
/** Lanes in one look, where a state is asked for. */
const MIN_LOOK = 100;

/** Show lanes: in a fixed number of statements a page, each of which goes to the accounts of the page alone. */
export function createListLanes(services: ListLanesServices): ListLanes {
  return async (reach, filter, paging) => {
    const isPaused = await services.isPaused();
    if (filter.state === undefined) return look(services, { reach, filter, isPaused }, paging);
    const candidates = candidatesOf(filter.state, isPaused);
    if (candidates === 'none') return { items: [], next: null };
    const found: LaneOutput[] = [];
    let after = paging.after;
    for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; ) {
      const limit = Math.max(paging.limit - found.length, MIN_LOOK);
      const { items, next } = await look(services, { reach, filter, isPaused, candidates }, { limit, after });
      for (const lane of items) {
        if (lane.state !== filter.state) continue;
        found.push(lane);
        if (found.length === paging.limit) {
          const isLast = next === null && lane === items.at(-1);
          return { items: found, next: isLast ? null : lane.account_pk };
        }
      }
      if (next === null) return { items: found, next: null };
      after = next;
      lookedAt += items.length;
    }
    return { items: found, next: after ?? null };
  };
}

interface Asked {
  readonly reach: Reach;
  readonly filter: LaneFilter;
  readonly isPaused: boolean;
  readonly candidates?: LaneCandidates | undefined;
}

async function look(
  services: ListLanesServices,
  { reach, filter: { account }, isPaused, candidates }: Asked,
  paging: { readonly limit: number; readonly after?: string | undefined },
): Promise<Page<LaneOutput>> {
  const { clock, laneAccounts, laneFigures, readLimits, claimWaits, lastMinuteOf } = services;
  const rows = await laneAccounts.page(reach, { account, candidates }, paging);
  const { items: accounts, next } = pageFrom(rows, paging.limit, ({ pk }) => pk);
  const [figures, inFlight] = await Promise.all([
    laneFigures.figures(accounts.map(({ pk }) => pk)),
    laneFigures.inFlight(),
  ]);
  const figuresOf = new Map(figures.map((row) => [row.account_pk, row]));
  const runningOf = new Map(inFlight.map((row) => [row.account_pk, row.messages]));
  const now = clock.now();
  const limits = await limitViews(accounts, { figuresOf, inFlight, readLimits, now });
  const connections = services.connections();
  const items = accounts.map((found: LaneAccount) => {
    const waiting: LaneFigures | undefined = figuresOf.get(found.pk);
    return laneView({
      account: found,
      figures: waiting,
      running: runningOf.get(found.pk) ?? 0,
      limits: limits.get(found.pk) ?? [],
      isPaused,
      claimWaits: claimWaits(found.pk, waiting?.immediate_due_at != null),
      connections: connections.get(found.pk) ?? 0,
      lastMinute: lastMinuteOf(found.pk),
      now,
    });
  });
  return { items, next };
}

/** Which accounts to look at for lanes of this state; undefined for all. */
function candidatesOf(state: LaneOutput['state'], isPaused: boolean): LaneCandidates | 'none' | undefined {
  switch (state) {
    case 'suspended':
      return 'suspended';
    case 'paused':
      return isPaused ? undefined : 'paused';
    case 'idle':
      return isPaused ? 'none' : 'idle';
    case 'sending':
    case 'waiting':
      return isPaused ? 'none' : 'busy';
    default:
      return state satisfies never;
  }
}
