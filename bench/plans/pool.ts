// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { measureFlood } from '../measures/measure-flood.ts';
import { mailProxy } from '../ways/mail-proxy.ts';
import { nodemailerPool } from '../ways/nodemailer-way.ts';
import { openLoginRelay } from '../world/login-relay.ts';
import type { Plan } from './plan.ts';

const MESSAGES = 1_000;
const WARM_UP = 200;
const CONNECTIONS = 10;
const RTTS_MS = [0, 20];

const SINGLE = 'mail-proxy, a connection for each message';

export const pool: Plan = {
  name: 'pool',
  summary: 'messages/s over connections that are kept, and over one for each message; TLS and AUTH, at 0 and 20 ms',
  rounds: 3,
  async groups({ messages }) {
    const ways = [
      mailProxy({ row: 'mail-proxy, pool' }),
      mailProxy({ row: SINGLE, account: { max_messages_per_connection: 1 } }),
      nodemailerPool,
    ];
    return RTTS_MS.map((rttMs) => {
      const run = {
        count: messages ?? MESSAGES,
        warmUp: WARM_UP,
        connections: CONNECTIONS,
        openRelay: () => openLoginRelay(rttMs),
      };
      return {
        where: { connections: CONNECTIONS, 'rtt ms': rttMs },
        contenders: ways.map((way) => ({ row: way.row, run: () => measureFlood(way, run) })),
        baseline: SINGLE,
        compared: 'messages_per_second',
      };
    });
  },
};
