// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Registry } from 'prom-client';
import { expect, it, vi } from 'vitest';
import { createEventLoopMetrics } from './event-loop-metrics.ts';

async function readQuantiles(registry: Registry): Promise<ReadonlyMap<string, number>> {
  const text = await registry.metrics();
  const samples = text.matchAll(/^gmp_event_loop_delay_seconds\{quantile="(.+)"\} (\S+)$/gm);
  return new Map([...samples].map(([, quantile = '', value]) => [quantile, Number(value)]));
}

function stall(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('a stall shows in the highest quantiles', async () => {
  const registry = new Registry();
  createEventLoopMetrics(registry);
  expect([...(await readQuantiles(registry)).keys()]).toEqual([]);
  // A look that is late comes with a later turn, and the first one after a reading measures nothing.
  const stalled = await vi.waitFor(async () => {
    stall(200);
    const quantiles = await readQuantiles(registry);
    expect(quantiles.get('0.999')).toBeGreaterThan(0.15);
    return quantiles;
  }, 10_000);
  expect([...stalled.keys()]).toEqual(['0.5', '0.99', '0.999', '1']);
});
