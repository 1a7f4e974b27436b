// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { createListLanes } from '../delivery/list-lanes.ts';
import { TrafficKeeper } from '../delivery/traffic-keeper.ts';
import type { LaneServices } from '../entities/lane/lane.operations.ts';
import type { StatisticsServices } from '../entities/statistics/statistics.operations.ts';
import type { TrafficKind } from '../entities/statistics/statistics.table.ts';
import type { Traffic } from '../entities/statistics/traffic.ts';
import type { Log } from '../observability/log.ts';
import type { ExpiredMessage } from '../queue/expire.ts';
import type { Settlement } from '../queue/settle.ts';
import type { SmtpPool } from '../smtp/pool.types.ts';
import type { Service } from './background.ts';
import type { DeliverySide } from './delivery-side.ts';
import { createReadStatistics } from './read-statistics.ts';
import type { Stores } from './stores.ts';

export interface StatisticsSideParts {
  readonly clock: Clock;
  readonly stores: Stores;
  readonly delivery: Pick<DeliverySide, 'dispatcher' | 'pool' | 'keeper'>;
  readonly traffic: Traffic;
}

/** What the operations use that say how it goes. */
export function createStatisticsServices(parts: StatisticsSideParts): LaneServices & StatisticsServices {
  const { clock, stores, traffic } = parts;
  const { dispatcher, pool, keeper } = parts.delivery;
  return {
    listLanes: createListLanes({
      clock,
      laneAccounts: stores.laneAccounts,
      laneFigures: stores.laneFigures,
      readLimits: stores.limitFigures,
      isPaused: async () => (await stores.instances.get()).paused_at !== null,
      claimWaits: (accountPk, isImmediate) => dispatcher.claimWaits(accountPk, isImmediate),
      connections: () => connectionsOf(pool),
      lastMinuteOf: (accountPk) => traffic.lastMinuteOf(accountPk),
    }),
    statistics: createReadStatistics({
      clock,
      traffic,
      store: stores.traffic,
      readWaiting: stores.waitingFigures,
      events: stores.messageEvents,
      session: () => keeper.number,
    }),
  };
}

/** The part that writes down what was counted. */
export function createTrafficKeeper(
  { clock, log, stores }: Pick<StatisticsSideParts, 'clock' | 'stores'> & { readonly log: Log },
  traffic: Traffic,
  session: () => number,
): Service {
  const keeper = new TrafficKeeper({ clock, log, traffic, store: stores.traffic, session });
  return { name: 'statistics', run: (signal) => keeper.run(signal) };
}

type Owned = { readonly tenant_id: string; readonly account_pk: string };

/** Count what an attempt came to. */
export function countSettled(traffic: Traffic, { tenant_id, account_pk }: Owned, settlement: Settlement): void {
  const kind = trafficKindOf(settlement);
  if (kind !== null) traffic.count({ kind, tenantId: tenant_id, accountPk: account_pk });
}

/** Count those that nobody had when they were given up. */
export function countExpired(traffic: Traffic, messages: readonly ExpiredMessage[]): void {
  for (const { tenant_id: tenantId, account_pk: accountPk, result } of messages) {
    if (result === 'expired') traffic.count({ kind: 'failed', tenantId, accountPk });
  }
}

/** Null where it is to be decided yet, or was cancelled. */
function trafficKindOf({ state, result }: Pick<Settlement, 'state' | 'result'>): TrafficKind | null {
  if (state === 'in_doubt' || result === 'cancelled') return null;
  if (state !== 'final') return 'deferred';
  return result === 'sent' || result === 'partially_sent' ? 'sent' : 'failed';
}

/** Open connections by account; the keys of the pool begin with it. */
function connectionsOf(pool: Pick<SmtpPool, 'stats'>): ReadonlyMap<string, number> {
  const connections = new Map<string, number>();
  for (const [key, { busy, idle, opening, closing }] of pool.stats()) {
    const accountPk = key.slice(0, key.indexOf(':'));
    connections.set(accountPk, (connections.get(accountPk) ?? 0) + busy + idle + opening + closing);
  }
  return connections;
}
