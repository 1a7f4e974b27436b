// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { measureFlood } from '../measures/measure-flood.ts';
import { mailProxy } from '../ways/mail-proxy.ts';
import { nodemailerPool } from '../ways/nodemailer-way.ts';
import { openCountingRelay } from '../world/relay.ts';
import { mailProxyOnPostgres } from './mail-proxy-ways.ts';
import type { Plan } from './plan.ts';

/** As many as an account has by default. */
const CONNECTIONS = 10;
const WARM_UP = 200;

/** Small enough to run with the tests; see bench/smoke.ts. */
export const smoke: Plan = {
  name: 'smoke',
  summary: 'a short throughput',
  rounds: 1,
  async groups({ messages }, world) {
    const run = {
      count: messages ?? 1_000,
      warmUp: WARM_UP,
      connections: CONNECTIONS,
      openRelay: () => openCountingRelay(),
    };
    const onPostgres = await mailProxyOnPostgres(world);
    const ways = [
      mailProxy(),
      mailProxy({ onInDoubt: 'hold' }),
      ...(onPostgres === null ? [] : [onPostgres]),
      nodemailerPool,
    ];
    return [
      {
        where: { connections: CONNECTIONS },
        contenders: ways.map((way) => ({ row: way.row, run: () => measureFlood(way, run) })),
        baseline: nodemailerPool.row,
        compared: 'messages_per_second',
      },
    ];
  },
};
