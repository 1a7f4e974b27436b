// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { seededRandom } from '@mail-proxy/core/testing';
import { findPostgresBinaries } from '@mail-proxy/testkit';
import { runTrial, type TrialResult } from '../trial/run-trial.ts';
import type { Scenario } from '../trial/scenario.ts';
import { estimateSeconds } from '../trial/size.ts';
import type { RunOptions } from './program.ts';
import { markdownTable, plainTable } from './tables.ts';

/** Run them one after the other. @returns whether all held */
export async function runScenarios(scenarios: readonly Scenario[], options: RunOptions): Promise<boolean> {
  const { size, seed, minutes, json, markdown } = options;
  const trials = scenarios.flatMap((scenario) =>
    (size === 'brief' ? scenario.brief : scenario.databases)
      .filter((database) => options.database === null || options.database === database)
      .map((database) => ({ scenario, database, size })),
  );
  const results: TrialResult[] = [];
  const seconds = trials.reduce((sum, trial) => sum + estimateSeconds(trial), 0);
  process.stderr.write(`seed ${seed}, ${trials.length} trials, about ${inWords(seconds)}\n`);
  for (const trial of trials) {
    const { scenario, database } = trial;
    const why = database === 'postgres' && size === 'brief' ? missingPostgres() : null;
    if (why !== null) {
      process.stderr.write(`${scenario.name} on ${database}: skipped, ${why}\n`);
      continue;
    }
    process.stderr.write(`${scenario.name} on ${database}, about ${inWords(estimateSeconds(trial))} …\n`);
    const result = await runTrial({ ...trial, minutes, random: seededRandom(seed) });
    for (const what of result.wrong) process.stderr.write(`  WRONG: ${what}\n`);
    if (json) console.log(JSON.stringify({ ...result, seed, size }));
    results.push(result);
  }
  if (!json) console.log(markdown ? markdownTable(results) : plainTable(results));
  return results.every(({ wrong }) => wrong.length === 0);
}

/** Why a test run goes without; null where it does not, or must not. */
function missingPostgres(): string | null {
  if (process.env['GMP_REQUIRE_PG'] === '1') return null;
  try {
    findPostgresBinaries();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function inWords(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
