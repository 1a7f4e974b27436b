// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { measureMemory } from '../measures/measure-memory.ts';
import { openCountingRelay } from '../world/relay.ts';
import { onBothDatabases } from './mail-proxy-ways.ts';
import type { Plan } from './plan.ts';

const MESSAGES = 100_000;
const WARM_UP = 1_000;
const CONNECTIONS = 10;

export const memory: Plan = {
  name: 'memory',
  summary: 'resident memory while 100,000 messages pass; --messages changes their number',
  rounds: 1,
  async groups({ messages }, world) {
    const count = messages ?? MESSAGES;
    const ways = await onBothDatabases(world);
    const run = { count, warmUp: WARM_UP, connections: CONNECTIONS, openRelay: () => openCountingRelay() };
    return [
      {
        where: { messages: count },
        contenders: ways.map((way) => ({ row: way.row, run: () => measureMemory(way, run) })),
        baseline: ways[0]?.row ?? '',
        compared: 'rss_peak_mib',
      },
    ];
  },
};
