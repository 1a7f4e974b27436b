// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// How much memory large attachments take, all of them on their way to the relay at once. See README.md.
import { availableParallelism } from 'node:os';
import { createDatabase } from '@mail-proxy/testkit';
import { measureLarge } from './large/measure-large.ts';
import { messageCount } from './smoke/message-count.ts';
import { startDurable } from './smoke/start-durable.ts';

const count = messageCount(50);
const sizeBytes = Number(process.env['GMP_BENCH_MIB'] ?? 25) * 1_048_576;

const rows = [await measureLarge({ count, sizeBytes, store: 'SQLite' })];
const postgres = await startDurable();
if (postgres !== null) {
  await using server = postgres;
  const database = await createDatabase(server.url);
  rows.push(await measureLarge({ count, sizeBytes, store: 'PostgreSQL', databaseUrl: database.url }));
}
console.table(Object.fromEntries(rows.map(({ row, ...figures }) => [row, figures])));
for (const row of rows) {
  console.log(JSON.stringify({ bench: 'large', ...row, node: process.version, cores: availableParallelism() }));
}
process.exitCode = rows.every(({ missing }) => missing === 0) ? 0 : 1;
