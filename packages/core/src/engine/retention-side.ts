// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import { RetentionKeeper } from '../delivery/retention-keeper.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { ReportSink } from '../reporting/report-transport.ts';
import { retentionOfConfig } from '../retention.ts';
import type { Stores } from './stores.ts';

const DAY_MS = 86_400_000;

export interface RetentionSideParts {
  readonly config: Pick<EngineConfig, 'retention' | 'delivery'>;
  readonly stores: Pick<Stores, 'retention' | 'leases' | 'instances' | 'traffic'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly reportSink: ReportSink | undefined;
}

/** The part that removes what is too old; one instance at a time does. */
export function createRetentionKeeper(
  { config, stores, clock, log, reportSink }: RetentionSideParts,
  { session, metrics }: { readonly session: () => number; readonly metrics: Pick<Metrics, 'removed'> },
): RetentionKeeper {
  return new RetentionKeeper({
    clock,
    log,
    sweep: stores.retention,
    forgetTraffic: stores.traffic.forget,
    retention: retentionOfConfig(config.retention),
    idsMs: config.retention.idsDays * DAY_MS,
    intervalMs: config.retention.sweepMs,
    isEveryoneTold: reportSink !== undefined,
    takeTurn: () => {
      const aliveSince = clock.now() - config.delivery.leaseMs;
      return stores.leases.take('core:retention', { session: session(), aliveSince });
    },
    onRemoved: (kind, count) => metrics.removed(kind, count),
    onPassed: (counts) => stores.instances.retentionRan(clock.now(), counts),
  });
}
