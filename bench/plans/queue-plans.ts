// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { measureAcceptance } from '../measures/measure-acceptance.ts';
import { measureDrain } from '../measures/measure-drain.ts';
import { mailProxy } from '../ways/mail-proxy.ts';
import { availablePeers } from '../ways/peers.ts';
import type { QueueWay } from '../ways/way.ts';
import { openCountingRelay } from '../world/relay.ts';
import type { World } from '../world/world.ts';
import { onBothDatabases } from './mail-proxy-ways.ts';
import type { BenchOptions, Plan } from './plan.ts';

const WARM_UP = 1_000;
/** What the others are compared with where there are no peers, too. */
const BASELINE = mailProxy().row;

/** Requests of different sizes, and how many clients post them at the same time. */
const FEEDINGS = [
  { batch: 1, clients: 50, messages: 5_000 },
  { batch: 100, clients: 4, messages: 20_000 },
  { batch: 1_000, clients: 4, messages: 20_000 },
] as const;

export const acceptance: Plan = {
  name: 'acceptance',
  summary: 'messages/s that are taken and stored while none is sent, in requests of 1, 100 and 1,000',
  rounds: 5,
  async groups(options, world) {
    const ways = await queuesOf(options, world);
    return FEEDINGS.map(({ batch, clients, messages }) => ({
      where: { 'messages in a request': batch, clients },
      contenders: ways.map((way) => ({
        row: way.row,
        run: () =>
          measureAcceptance(way, {
            count: options.messages ?? messages,
            warmUp: WARM_UP,
            batch,
            clients,
            openRelay: () => openCountingRelay(),
          }),
      })),
      baseline: BASELINE,
      compared: 'messages_per_second',
    }));
  },
};

export const drain: Plan = {
  name: 'drain',
  summary: 'messages/s out of a queue of 40,000 that was filled before; --messages is the size of the queue',
  rounds: 3,
  async groups(options, world) {
    const count = options.messages ?? 40_000;
    const run = { count, warmUp: WARM_UP, connections: 10, openRelay: () => openCountingRelay() };
    const ways = await queuesOf(options, world);
    return [
      {
        where: { queued: count, connections: 10 },
        contenders: ways.map((way) => ({ row: way.row, run: () => measureDrain(way, run) })),
        baseline: BASELINE,
        compared: 'messages_per_second',
      },
    ];
  },
};

async function queuesOf({ peers }: BenchOptions, world: World): Promise<readonly QueueWay[]> {
  return [...(await onBothDatabases(world)), ...(peers ? await availablePeers(world) : [])];
}
