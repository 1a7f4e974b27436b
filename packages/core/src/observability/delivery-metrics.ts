// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { type Buckets, Histogram } from './histogram.ts';
import { STAGES, type StageName } from './stages.ts';

/** Seconds that mail waits: from at once to days. */
const WAIT_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];
/** Seconds of a stage: a near relay answers in a millisecond, and some take minutes. */
const STAGE_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600];
/** Units of a group: a lone write, and up to all that may share a commit. */
const GROUP_UNITS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096];

/** How long messages take, and where. Times in milliseconds, as everywhere; shown in seconds. */
export interface DeliveryTimes {
  /** An attempt begins for a message that could go so long ago. */
  waited(priority: number, ms: number): void;
  /** A message was claimed that had to wait for a rate limit. */
  waitedForLimit(ms: number): void;
  /** A stage of an attempt is over. */
  stage(stage: StageName, ms: number): void;
  /** A tenant acknowledged an event of that age. */
  told(lagMs: number): void;
  /** So many units were committed together. */
  committed(units: number): void;
}

/** Make the histograms of what happens with every message. */
export function createDeliveryTimes(priorities: readonly string[]): {
  readonly times: DeliveryTimes;
  readonly histograms: readonly Histogram[];
} {
  const waits = new Histogram({
    name: 'gmp_queue_wait_seconds',
    help: 'Time from when a message could go to the beginning of its attempt, by priority',
    bounds: WAIT_SECONDS,
    label: { name: 'priority', values: priorities },
  });
  const limitWaits = new Histogram({
    name: 'gmp_limit_wait_seconds',
    help: 'Time that messages waited which had to wait for a rate limit',
    bounds: WAIT_SECONDS,
  });
  const stages = new Histogram({
    name: 'gmp_attempt_stage_seconds',
    help: 'Time of the stages of attempts that came to their end; those up to auth once a connection',
    bounds: STAGE_SECONDS,
    label: { name: 'stage', values: STAGES },
  });
  const lags = new Histogram({
    name: 'gmp_report_lag_seconds',
    help: 'Time from an event to its acknowledgement by the tenant',
    bounds: WAIT_SECONDS,
  });
  const groups = new Histogram({
    name: 'gmp_commit_group_units',
    help: 'Units of work in a commit',
    bounds: GROUP_UNITS,
  });
  const inSeconds = (buckets: Buckets | undefined, ms: number): void => buckets?.observe(Math.max(0, ms) / 1_000);
  return {
    histograms: [waits, limitWaits, stages, lags, groups],
    times: {
      waited: (priority, ms) => inSeconds(waits.series[priority], ms),
      waitedForLimit: (ms) => inSeconds(limitWaits.series[0], ms),
      stage: (stage, ms) => inSeconds(stages.series[STAGES.indexOf(stage)], ms),
      told: (lagMs) => inSeconds(lags.series[0], lagMs),
      committed: (units) => groups.series[0]?.observe(units),
    },
  };
}
