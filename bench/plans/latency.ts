// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { measureLatency } from '../measures/measure-latency.ts';
import { nodemailerPool } from '../ways/nodemailer-way.ts';
import { availablePeers, nodemailerHttp } from '../ways/peers.ts';
import { rawSocket } from '../ways/raw-socket-way.ts';
import { openCountingRelay } from '../world/relay.ts';
import { onBothDatabases } from './mail-proxy-ways.ts';
import type { Plan } from './plan.ts';

const PER_SECOND = 50;
const CONNECTIONS = 10;
const WARM_UP = 500;

export const latency: Plan = {
  name: 'latency',
  summary: 'milliseconds from the submit of a single message to its arrival, at 50/s; --seconds long',
  rounds: 5,
  async groups({ seconds, peers }, world) {
    const run = {
      perSecond: PER_SECOND,
      seconds,
      warmUp: WARM_UP,
      connections: CONNECTIONS,
      openRelay: () => openCountingRelay(),
    };
    const ways = [
      rawSocket('lock-step'),
      nodemailerPool,
      nodemailerHttp,
      ...(await onBothDatabases(world)),
      ...(peers ? await availablePeers(world, 'latency') : []),
    ];
    return [
      {
        where: { 'messages/s': PER_SECOND, seconds },
        contenders: ways.map((way) => ({ row: way.row, run: () => measureLatency(way, run) })),
        baseline: nodemailerHttp.row,
        compared: 'p50_ms',
      },
    ];
  },
};
