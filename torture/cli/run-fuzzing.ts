// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { DATABASES } from '../crash-matrix/cells.ts';
import { runFuzz } from '../fuzz/run-fuzz.ts';
import type { FuzzOptions } from './program.ts';

/** Send hostile requests, on each database. @returns whether nothing was wrong */
export async function runFuzzing({ database, count, seed, json }: FuzzOptions): Promise<boolean> {
  let isRight = true;
  process.stderr.write(`seed ${seed}\n`);
  for (const kind of DATABASES) {
    if (database !== null && database !== kind) continue;
    const result = await runFuzz({ database: kind, count, seed });
    for (const what of result.wrong) process.stderr.write(`  WRONG: ${what}\n`);
    const { requests, taken, refused, longestStallMs, seconds, wrong } = result;
    isRight &&= wrong.length === 0;
    if (json) console.log(JSON.stringify({ ...result, seed }));
    else {
      console.log(
        `${kind}: ${requests} requests in ${seconds.toFixed(0)} s, ${taken} taken, ${refused} refused, ` +
          `longest stall ${longestStallMs.toFixed(0)} ms, ${wrong.length} wrong`,
      );
    }
  }
  return isRight;
}
