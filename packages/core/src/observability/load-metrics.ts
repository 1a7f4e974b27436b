// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Counter, Gauge, type Registry } from 'prom-client';

/** Why something was refused that another time would have been taken. */
export const REFUSED_FOR = ['requests', 'bytes', 'tenant', 'storing'] as const;

export type RefusedFor = (typeof REFUSED_FOR)[number];

/** Show how much is under way, and what was refused since it was too much. @returns counts a refusal */
export function createLoadMetrics(registry: Registry, running: () => number): (reason: RefusedFor) => void {
  const registers = [registry];
  new Gauge({
    name: 'gmp_requests_running',
    help: 'Requests being handled, without those that wait for events',
    registers,
    collect() {
      this.set(running());
    },
  });
  const refusals = new Counter({
    name: 'gmp_load_refused_total',
    help: 'Requests and messages refused since the server has enough to do, by what there was too much of',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of REFUSED_FOR) refusals.inc({ reason }, 0);
  return (reason) => refusals.inc({ reason });
}
