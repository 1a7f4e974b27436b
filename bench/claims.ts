// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Claims at small and large backlogs, and the two other hot writes, on both databases: figures, none is asserted. See
// README.md.
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { measureClaims } from './claims/measure-claims.ts';
import { measureWrites } from './claims/measure-writes.ts';
import { type OpenedDatabase, openPostgres, openSqlite } from './claims/opened-database.ts';
import { type ClaimRow, printRows, type WriteRow } from './claims/rows.ts';
import { whole } from './cli/whole.ts';

const BACKLOGS = [1_000, 100_000, 1_000_000];
const RUNS = [
  // Before the clock counts for anything: code is compiled, caches are filled.
  { batch: 100, messages: 5_000 },
  { batch: 1, messages: 500 },
  { batch: 100, messages: 20_000 },
];

const { ready: largest } = new Command('bench:claims')
  .description('Claims at small and large backlogs, and the two other hot writes, on both databases. Asserts no time.')
  .option('--ready <n>', 'the largest backlog', whole, Math.max(...BACKLOGS))
  .parse()
  .opts<{ readonly ready: number }>();
const rows: (ClaimRow | WriteRow)[] = [];
for (const open of [openSqlite, openPostgres]) {
  rows.push(...(await measured(open, (opened) => measureClaims(opened, backlogs()))));
  // Accept and settle of the warm-up come first.
  rows.push(...(await measured(open, async (opened) => (await measureWrites(opened, RUNS)).slice(2))));
}
printRows(rows, { node: process.version, cores: availableParallelism() });

function backlogs(): readonly number[] {
  return BACKLOGS.filter((ready) => ready <= largest);
}

/** What `measure` finds in a database of its own; nothing, with the reason printed, where that can't run. */
async function measured<Row>(
  open: () => Promise<OpenedDatabase>,
  measure: (opened: OpenedDatabase) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  let database: OpenedDatabase;
  try {
    database = await open();
  } catch (error) {
    console.error(`skipped: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
  await using opened = database;
  return await measure(opened);
}
