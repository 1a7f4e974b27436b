// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Messages a second of mail-proxy beside plain sockets and nodemailer, in interleaved rounds. See README.md.
import { availableParallelism } from 'node:os';
import { createDatabase, spawnCountingSink, type TestPostgres } from '@mail-proxy/testkit';
import { RAW_MODES } from './baselines/raw-socket.ts';
import { measureNodemailerHttp } from './baselines/through-nodemailer-http.ts';
import { measureRawSocket } from './baselines/through-raw-socket.ts';
import { medianRow } from './rounds/median-row.ts';
import { type Contender, runRounds } from './rounds/run-rounds.ts';
import { messageCount } from './smoke/message-count.ts';
import { printRows } from './smoke/row.ts';
import { startDurable } from './smoke/start-durable.ts';
import { measureMailProxy } from './smoke/through-mail-proxy.ts';
import { measureNodemailer } from './smoke/through-nodemailer.ts';

const WARM_UP = 500;
/** What every ratio is of. */
const BASELINE = 'nodemailer pool';

const rounds = Number(process.env['GMP_BENCH_ROUNDS'] ?? 5);
const connections = Number(process.env['GMP_BENCH_CONNECTIONS'] ?? 10);
const latencyMs = Number(process.env['GMP_BENCH_LATENCY_MS'] ?? 0);
const run = { count: messageCount(5_000), warmUp: WARM_UP, connections };

await using postgres = await startDurable();
const contenders: readonly Contender[] = [
  ...RAW_MODES.map(
    (mode): Contender =>
      (sink) =>
        measureRawSocket(sink, mode, run),
  ),
  (sink) => measureNodemailer(sink, run),
  (sink) => measureNodemailerHttp(sink, run),
  (sink) => measureMailProxy(sink, { ...run, onInDoubt: 'retry' }),
  (sink) => measureMailProxy(sink, { ...run, onInDoubt: 'hold' }),
  ...(postgres === null ? [] : [onPostgres(postgres)]),
];

const rows = (await runRounds(contenders, { rounds, openSink: () => spawnCountingSink({ latencyMs }) })).map(medianRow);
const baseline = rows.find(({ row }) => row === BASELINE);
if (baseline === undefined) throw new Error('no round had a baseline');
const machine = { rounds, connections, latency_ms: latencyMs, node: process.version, cores: availableParallelism() };
printRows(
  rows.filter((row) => row !== baseline),
  baseline,
  { bench: 'throughput', ...machine },
);
process.exitCode = rows.every(({ missing }) => missing === 0) ? 0 : 1;

function onPostgres(server: TestPostgres): Contender {
  return async (sink) => {
    const database = await createDatabase(server.url);
    try {
      return await measureMailProxy(sink, { ...run, onInDoubt: 'retry', databaseUrl: database.url });
    } finally {
      await database.drop();
    }
  };
}
