// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { Log } from '../observability/log.ts';
import type { Service } from './background.ts';
import type { DeliverySide } from './delivery-side.ts';
import { DispatchWatch } from './dispatch-watch.ts';
import { type Lack, lacksOf } from './readiness.ts';
import type { Stores } from './stores.ts';
import { WriteWatch } from './write-watch.ts';

export interface HealthSideParts {
  readonly config: Pick<EngineConfig, 'limits'>;
  readonly database: Database<CoreSchema>;
  readonly stores: Stores;
  readonly delivery: Pick<DeliverySide, 'dispatcher' | 'keeper' | 'readGates'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly isOutdated: () => boolean;
  readonly isRunning: () => boolean;
}

/** Whether the engine can do its work. */
export interface HealthSide {
  readonly writes: WriteWatch;
  readonly lacks: () => Promise<readonly Lack[]>;
  /** Watches the dispatcher while that runs. */
  readonly watchDispatcher: Service;
  /** Watches the database for as long as anything is written. */
  readonly watchWrites: Service;
}

export function createHealthSide(parts: HealthSideParts): HealthSide {
  const { config, database, stores, clock, log, isOutdated, isRunning } = parts;
  const { dispatcher, keeper, readGates } = parts.delivery;
  const writes = new WriteWatch({
    clock,
    log,
    database,
    touch: () => stores.sessions.touch(keeper.number),
    minFreeBytes: config.limits.minFreeMb * 1_048_576,
  });
  const dispatch = new DispatchWatch({
    clock,
    log,
    progress: () => dispatcher.progress,
    mayClaim: (lane) => dispatcher.mayClaim(lane),
    findLanes: stores.findLanes,
    readGates,
    nextDueAt: () => stores.promotion.nextDueAt(),
  });
  return {
    writes,
    lacks: () =>
      lacksOf({ stores, clock, isOutdated, isRunning, isSessionAlive: () => keeper.isAlive(), writes, dispatch }),
    watchDispatcher: { name: 'watch of the dispatcher', run: (signal) => dispatch.run(signal) },
    watchWrites: { name: 'watch of the writes', run: (signal) => writes.run(signal) },
  };
}
