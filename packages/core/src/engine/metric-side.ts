// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { EngineConfig } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import type { SyncedClock } from '../database/database-clock.ts';
import { PRIORITY_NAMES } from '../entities/message/message.schema.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { inTime } from '../observability/in-time.ts';
import { createMetrics, type MetricSources, type Metrics } from '../observability/metrics.ts';
import type { DeliverySide } from './delivery-side.ts';
import { LACKS, type Lack } from './readiness.ts';
import type { SetUpMixins } from './set-up-mixins.ts';
import type { Stores } from './stores.ts';
import { VERSION } from './version.ts';

export interface MetricSideParts {
  readonly config: Pick<EngineConfig, 'metrics'>;
  readonly database: Database<CoreSchema>;
  readonly stores: Pick<Stores, 'standing' | 'waitingCount'>;
  readonly mixed: Pick<SetUpMixins, 'metrics'>;
  readonly clock: SyncedClock;
  readonly edition: string;
  /** Made after the metrics, which it counts in. */
  readonly delivery: () => Pick<DeliverySide, 'dispatcher' | 'pool' | 'preparer'>;
  readonly reports: MetricSources['reports'];
  readonly lacks: () => Promise<readonly Lack[]>;
  readonly freeBytes: MetricSources['freeBytes'];
  readonly requests: MetricSources['requests'];
}

/** The metrics of an engine, with what they are read from. */
export function createMetricSide(parts: MetricSideParts): Metrics {
  const { config, database, stores, mixed, clock, edition, delivery, lacks, freeBytes, requests } = parts;
  const metrics = createMetrics({
    settings: config.metrics,
    build: { version: VERSION, edition },
    priorities: PRIORITY_NAMES,
    stops: {
      standing: inTime(stores.standing, clock),
      lanes: () => delivery().dispatcher.laneStates,
      connections: () => delivery().pool.stats().values(),
      now: () => clock.now(),
    },
    pendingMessages: inTime(stores.waitingCount, clock),
    database: () => database.stats,
    sends: () => delivery().dispatcher.load,
    preparing: () => delivery().preparer.running,
    reports: inTime(parts.reports, clock),
    health: { lacks, known: Object.keys(LACKS) },
    freeBytes,
    requests,
    mixins: mixed.metrics,
  });
  database.onCommit(metrics.times.committed);
  return metrics;
}
