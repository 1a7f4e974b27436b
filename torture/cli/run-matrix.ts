// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type Cell, DATABASES, FAULTS } from '../crash-matrix/cells.ts';
import { brokenPromise, promisedOf } from '../crash-matrix/promised.ts';
import { withMatrix } from '../crash-matrix/render-matrix.ts';
import { runCrashes } from '../crash-matrix/run-crashes.ts';
import { openTriedDatabase } from '../world/tried-database.ts';
import type { MatrixOptions } from './program.ts';

const PAGE = new URL('../../docs/reference/reliability.md', import.meta.url);

/** Try the matrix, or write the table of what is promised. @returns whether it is as promised */
export async function runMatrix({ database, write, json }: MatrixOptions): Promise<boolean> {
  if (write) {
    writeFileSync(PAGE, withMatrix(readFileSync(PAGE, 'utf8')));
    return true;
  }
  const cells: Cell[] = [];
  for (const kind of DATABASES) {
    if (database !== null && database !== kind) continue;
    for (const fault of FAULTS) {
      process.stderr.write(`${fault} on ${kind} …\n`);
      await using tried = await openTriedDatabase(kind);
      cells.push(...(await runCrashes({ database: tried, fault })));
    }
  }
  const wrong = cells.filter((cell) => brokenPromise(cell) !== null || !isPromised(cell));
  if (json) for (const cell of cells) console.log(JSON.stringify({ ...cell, isPromised: isPromised(cell) }));
  for (const cell of wrong) process.stderr.write(`WRONG: ${describe(cell)}\n`);
  if (!json) console.log(`${cells.length} cells tried, ${wrong.length} not as promised`);
  return wrong.length === 0;
}

function isPromised(cell: Cell): boolean {
  return isDeepStrictEqual(cell.outcome, promisedOf(cell));
}

function describe(cell: Cell): string {
  const { database, fault, step, policy, outcome } = cell;
  const promised = JSON.stringify(promisedOf(cell));
  return `${fault} at ${step} under ${policy} on ${database}: ${JSON.stringify(outcome)}, and ${promised} is promised`;
}
