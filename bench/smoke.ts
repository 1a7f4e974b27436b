// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// A short benchmark that also runs with the tests: figures to look at, none is asserted. See README.md.
import { availableParallelism } from 'node:os';
import { spawnCountingSink } from '@mail-proxy/testkit';
import { messageCount } from './smoke/message-count.ts';
import { printRows, type Row } from './smoke/row.ts';
import { startDurable } from './smoke/start-durable.ts';
import { measureMailProxy } from './smoke/through-mail-proxy.ts';
import { measureNodemailer } from './smoke/through-nodemailer.ts';

/** Sent before the clock starts, so that both sides are measured once their code is compiled. */
const WARM_UP = 200;

const count = messageCount(1_000);
await using sink = await spawnCountingSink();
const proxy: Row[] = [];
for (const onInDoubt of ['retry', 'hold'] as const) {
  proxy.push(await measureMailProxy(sink, { count, warmUp: WARM_UP, onInDoubt }));
}
const onPostgres = await measureOnPostgres();
if (onPostgres !== null) proxy.push(onPostgres);
const baseline = await measureNodemailer(sink, { count, warmUp: WARM_UP });
printRows(proxy, baseline, { bench: 'smoke', node: process.version, cores: availableParallelism() });

const missing = [...proxy, baseline].reduce((sum, row) => sum + row.missing, 0);
if (missing > 0) console.error(`${missing} messages are missing`);
process.exitCode = missing > 0 ? 1 : 0;

/** Null where PostgreSQL can't run. */
async function measureOnPostgres(): Promise<Row | null> {
  await using postgres = await startDurable();
  if (postgres === null) return null;
  return await measureMailProxy(sink, { count, warmUp: WARM_UP, onInDoubt: 'retry', databaseUrl: postgres.url });
}
