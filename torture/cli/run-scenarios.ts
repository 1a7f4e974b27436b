// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { seededRandom } from '@mail-proxy/core/testing';
import { runTrial, type TrialResult } from '../trial/run-trial.ts';
import type { Scenario } from '../trial/scenario.ts';
import type { RunOptions } from './program.ts';
import { markdownTable, plainTable } from './tables.ts';

/** Run them one after the other. @returns whether all held */
export async function runScenarios(scenarios: readonly Scenario[], options: RunOptions): Promise<boolean> {
  const { isLong, seed, json, markdown } = options;
  const results: TrialResult[] = [];
  process.stderr.write(`seed ${seed}\n`);
  for (const scenario of scenarios) {
    for (const database of scenario.databases) {
      if (options.database !== null && options.database !== database) continue;
      process.stderr.write(`${scenario.name} on ${database} …\n`);
      const result = await runTrial({ scenario, database, isLong, random: seededRandom(seed) });
      for (const what of result.wrong) process.stderr.write(`  WRONG: ${what}\n`);
      if (json) console.log(JSON.stringify({ ...result, seed, isLong }));
      results.push(result);
    }
  }
  if (!json) console.log(markdown ? markdownTable(results) : plainTable(results));
  return results.every(({ wrong }) => wrong.length === 0);
}
