// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// One, two and three servers on one PostgreSQL, and how soon mail goes out that another instance accepted. See README.md.
import { availableParallelism } from 'node:os';
import { createDatabase, spawnCountingSink, startPostgres } from '@mail-proxy/testkit';
import { type Latency, measureLatency } from './instances/measure-latency.ts';
import { messageCount } from './smoke/message-count.ts';
import { printRows, type Row } from './smoke/row.ts';
import { measureMailProxy } from './smoke/through-mail-proxy.ts';

/** Sent before the clock starts. */
const WARM_UP = 400;

const count = messageCount(5_000);

const machine = { bench: 'instances', node: process.version, cores: availableParallelism() };
await using postgres = await startPostgres({ durable: true });

/** Of the relay, for every reply: none, and that of one some hundred kilometres away. */
for (const latencyMs of [0, 20]) {
  await using sink = await spawnCountingSink({ latencyMs });
  const measured: Row[] = [];
  for (const instances of [1, 2, 3]) {
    const database = await createDatabase(postgres.url);
    const run = { count, warmUp: WARM_UP, onInDoubt: 'retry', databaseUrl: database.url, instances } as const;
    measured.push(await measureMailProxy(sink, run));
    await database.drop();
  }
  const [one, ...more] = measured;
  if (one === undefined) continue;
  console.log(`\nreplies of the relay after ${latencyMs} ms, PostgreSQL ${postgres.version}`);
  printRows(more, one, { ...machine, latency_ms: latencyMs });
}

const latencies = await measureLatency(postgres.url);
console.log('\nmilliseconds until a single message is at the relay, instances at rest');
console.table(Object.fromEntries(latencies.map(({ accepted_by, ...figures }) => [accepted_by, figures])));
for (const latency of latencies) console.log(JSON.stringify({ ...machine, ...(latency satisfies Latency) }));
