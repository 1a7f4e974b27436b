// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { createListLanes } from '../delivery/list-lanes.ts';
import type { LaneServices } from '../entities/lane/lane.operations.ts';
import type { StatisticsServices } from '../entities/statistics/statistics.operations.ts';
import type { TrafficKind } from '../entities/statistics/statistics.table.ts';
import type { Traffic } from '../entities/statistics/traffic.ts';
import type { Settlement } from '../queue/settle.ts';
import type { SmtpPool } from '../smtp/pool.types.ts';
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

/** What an attempt came to; null where it is to be decided yet, or was cancelled. */
export function trafficKindOf({ state, result }: Pick<Settlement, 'state' | 'result'>): TrafficKind | null {
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
