// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import type { BadNetwork } from '../world/bad-network.ts';
import type { Fleet } from '../world/fleet.ts';
import type { TriedDatabase } from '../world/tried-database.ts';
import type { Span, Trouble } from './scenario.ts';

/** What troubles are made of. */
export interface TroubleWorld {
  readonly fleet: Fleet;
  readonly database: TriedDatabase;
  readonly network: BadNetwork;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Milliseconds in which a server that was told to stop has to have ended. */
const STOP_MS = 15_000;

/**
 * Make a trouble as often as it says.
 * @returns what went otherwise than it must
 */
export async function makeTrouble(trouble: Trouble, times: number, world: TroubleWorld): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (let time = 0; time < times; time++) {
    await sleep(draw(trouble.everyMs, world.random));
    const complaint = await MAKERS[trouble.kind](world, draw(trouble.forMs ?? [0, 0], world.random));
    if (complaint !== null) complaints.push(complaint);
  }
  return complaints;
}

type Maker = (world: TroubleWorld, forMs: number) => Promise<string | null>;

const MAKERS: Readonly<Record<Trouble['kind'], Maker>> = {
  async kill({ fleet, random }) {
    await fleet.replace(Math.floor(random() * fleet.size), 'SIGKILL');
    return null;
  },
  async stop({ fleet, random }) {
    const begunAt = performance.now();
    const code = await fleet.replace(Math.floor(random() * fleet.size), 'SIGTERM');
    const tookMs = performance.now() - begunAt;
    if (code !== 0) return `a server that was told to stop ended with ${code}`;
    return tookMs > STOP_MS + START_MS ? `a server took ${Math.round(tookMs)} ms to stop and start` : null;
  },
  async freeze({ fleet, random }, forMs) {
    const index = Math.floor(random() * fleet.size);
    fleet.signal(index, 'SIGSTOP');
    await sleep(forMs);
    fleet.signal(index, 'SIGCONT');
    return null;
  },
  async 'crash-database'({ database }) {
    await database.server?.restart('immediate');
    return null;
  },
  async 'cut-database'({ database }) {
    database.proxy?.cutAll();
    return null;
  },
  async 'lose-database'({ database: { proxy } }, forMs) {
    if (proxy === null) return null;
    proxy.mode = 'swallow';
    await sleep(forMs);
    // What was swallowed never comes, on connections that are open still.
    proxy.cutAll();
    proxy.mode = 'pass';
    return null;
  },
  async 'lock-database'({ database }, forMs) {
    await using _lock = await database.lock();
    await sleep(forMs);
    return null;
  },
  async 'cut-relay'({ network }) {
    network.cutAll();
    return null;
  },
};

/** What a start may take on a machine that has more to do. */
const START_MS = 30_000;

function draw([least, most]: Span, random: () => number): number {
  return least + random() * (most - least);
}
