// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { makerForAccounts } from '../load/mail.ts';
import { measureFlood } from '../measures/measure-flood.ts';
import { type MailProxyOptions, mailProxy } from '../ways/mail-proxy.ts';
import { openCountingRelay } from '../world/relay.ts';
import type { Contender, Plan } from './plan.ts';

const PER_ACCOUNT = 20;
const WARM_UP = 500;
/** As many messages as a server sends at once by default, whoever's they are. */
const CONNECTIONS = 50;

export const lanes: Plan = {
  name: 'lanes',
  summary: 'messages/s of 10,000 accounts with 20 messages each, and of one account; --accounts changes their number',
  rounds: 3,
  async groups({ accounts, messages }) {
    const run = {
      count: messages ?? accounts * PER_ACCOUNT,
      warmUp: WARM_UP,
      connections: CONNECTIONS,
      openRelay: () => openCountingRelay(),
    };
    const contender = (row: string, number: number, account: MailProxyOptions['account'] = {}): Contender => {
      const way = mailProxy({ row, accounts: number, account });
      return { row, run: () => measureFlood(way, { ...run, feeding: { make: makerForAccounts(number) } }) };
    };
    const one = `1 account with ${CONNECTIONS} connections, SQLite`;
    return [
      {
        where: { messages: run.count, 'sent at once': CONNECTIONS },
        contenders: [contender(one, 1), contender(`${accounts} accounts, SQLite`, accounts, { max_connections: 1 })],
        baseline: one,
        compared: 'messages_per_second',
      },
    ];
  },
};
