// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Counter, Gauge, type Registry } from 'prom-client';

/** A figure that a mixin shows, read when somebody asks for the metrics. */
export interface MixinMetric {
  /** `gmp_` and words; that of a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  /** Names of labels; each has few values, whatever tenants do. @defaultValue none */
  readonly labels?: readonly string[];
  /** All samples there are; a counter's are of this process's life. */
  read(): readonly MixinSample[] | Promise<readonly MixinSample[]>;
}

/** One value of a figure. */
export interface MixinSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Show what mixins count. */
export function createMixinMetrics(registry: Registry, metrics: readonly MixinMetric[]): void {
  for (const { name, help, kind, labels = [], read } of metrics) {
    const settings = { name, help, labelNames: [...labels], registers: [registry] };
    if (kind === 'gauge') {
      new Gauge({
        ...settings,
        async collect() {
          const samples = await read();
          this.reset();
          for (const sample of samples) this.set({ ...sample.labels }, sample.value);
        },
      });
    } else {
      new Counter({
        ...settings,
        async collect() {
          const samples = await read();
          this.reset();
          for (const sample of samples) this.inc({ ...sample.labels }, sample.value);
        },
      });
    }
  }
}
