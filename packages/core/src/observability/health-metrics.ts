// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Gauge, type Registry } from 'prom-client';

/** What /readyz goes by. */
export interface HealthSources {
  readonly lacks: () => Promise<readonly string[]>;
  /** All that may be lacking. */
  readonly known: readonly string[];
}

/** Show why an instance is not ready. */
export function createHealthMetrics(registry: Registry, { lacks, known }: HealthSources): void {
  new Gauge({
    name: 'gmp_not_ready',
    help: '1 for each reason for which the instance is not ready',
    labelNames: ['reason'],
    registers: [registry],
    async collect() {
      const now = new Set(await lacks());
      for (const reason of known) this.set({ reason }, now.has(reason) ? 1 : 0);
    },
  });
}
