// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** The default of monitorEventLoopDelay. A loop that is never late shows as these ten milliseconds. */
const LOOK_EVERY_MS = 10;

const QUANTILES = [0.5, 0.99, 0.999, 1];

/**
 * Show how late the event loop is. The default metrics end at p99, which a stall of a tenth of a second in every ten
 * does not reach.
 */
export function createEventLoopMetrics(registry: Registry): void {
  const histogram = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
  histogram.enable();
  new Gauge({
    name: 'gmp_event_loop_delay_seconds',
    help: 'Time between two looks at the event loop, meant to be 10 ms, since the metrics were last read; 1 is the longest',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      if (histogram.count === 0) return;
      for (const quantile of QUANTILES) this.set({ quantile }, histogram.percentile(quantile * 100) / 1e9);
      histogram.reset();
    },
  });
}
