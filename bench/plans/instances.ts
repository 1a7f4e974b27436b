// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Acceptor, measureNotice } from '../instances/measure-notice.ts';
import { measureFlood } from '../measures/measure-flood.ts';
import { openCountingRelay } from '../world/relay.ts';
import type { World } from '../world/world.ts';
import { mailProxyOnPostgres } from './mail-proxy-ways.ts';
import type { Group, Plan } from './plan.ts';

const CONNECTIONS = 10;
const WARM_UP = 500;
/** Of the relay, for every reply: none, and that of one some hundred kilometres away. */
const RTTS_MS = [0, 20];
/** One at a time takes a while. */
const NOTICES = 200;
const ACCEPTORS: readonly Acceptor[] = ['the instance that sends', 'another instance'];

export const instances: Plan = {
  name: 'instances',
  summary: 'messages/s of 1, 2 and 3 servers on one PostgreSQL; and how soon one sends what another accepted',
  rounds: 3,
  async groups({ messages }, world) {
    const postgres = await world.postgres();
    if (postgres === null) return [];
    const floods = RTTS_MS.map((rttMs) => floodGroup(world, rttMs, messages ?? 5_000));
    return [...(await Promise.all(floods)), noticeGroup(postgres.url, Math.min(messages ?? NOTICES, NOTICES))];
  },
};

async function floodGroup(world: World, rttMs: number, count: number): Promise<Group> {
  const ways = await Promise.all([1, 2, 3].map((number) => mailProxyOnPostgres(world, { instances: number })));
  const known = ways.filter((way) => way !== null);
  const run = { count, warmUp: WARM_UP, connections: CONNECTIONS, openRelay: () => openCountingRelay(rttMs) };
  return {
    where: { connections: CONNECTIONS, 'rtt ms': rttMs },
    contenders: known.map((way) => ({ row: way.row, run: () => measureFlood(way, run) })),
    baseline: known[0]?.row ?? '',
    compared: 'messages_per_second',
  };
}

function noticeGroup(server: string, count: number): Group {
  return {
    where: { messages: 'one at a time, instances at rest' },
    contenders: ACCEPTORS.map((acceptor) => ({
      row: `accepted by ${acceptor}`,
      run: () => measureNotice(server, acceptor, count),
    })),
    baseline: `accepted by ${ACCEPTORS[0]}`,
    compared: 'p50_ms',
    rounds: 1,
  };
}
