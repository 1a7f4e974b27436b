// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { appendFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { BenchOptions, Group, Plan } from '../plans/plan.ts';
import { runGroup } from '../plans/run-group.ts';
import { compare } from '../results/compare.ts';
import { linesOf, type Machine } from '../results/lines.ts';
import { markdownTable, plainTable } from '../results/print.ts';
import type { ResultTable } from '../results/row.ts';
import { createWorld } from '../world/world.ts';
import type { OutputOptions } from './program.ts';

type Options = BenchOptions & OutputOptions;

/** Run plans one after the other, each table shown once it is complete. @returns whether every message came, once */
export async function runPlans(plans: readonly Plan[], options: Options): Promise<boolean> {
  await using world = createWorld();
  let isWhole = true;
  for (const plan of plans) {
    for (const group of await plan.groups(options, world)) {
      const table = await measureTable(plan, group, options);
      show(table, options);
      for (const { row, missing, duplicates } of table.rows) {
        if (missing === 0 && duplicates === 0) continue;
        console.error(`${plan.name}, ${row}: ${missing} messages are missing, ${duplicates} came twice`);
        isWhole = false;
      }
    }
  }
  return isWhole;
}

async function measureTable(plan: Plan, group: Group, options: Options): Promise<ResultTable> {
  const rounds = options.rounds ?? group.rounds ?? plan.rounds;
  const { where, compared, baseline } = group;
  const isWanted = (row: string): boolean => row === baseline || (options.rows?.test(row) ?? true);
  const contenders = group.contenders.filter(({ row }) => isWanted(row));
  const runs = await runGroup({ contenders, compared }, rounds);
  return { plan: plan.name, where, compared, rounds, rows: compare(runs, group) };
}

function show(table: ResultTable, { json, markdown, out }: Options): void {
  const lines = `${linesOf(table, machine()).join('\n')}\n`;
  if (!json) console.log(markdown ? markdownTable(table) : plainTable(table));
  process.stdout.write(json || !markdown ? lines : '');
  if (!json && !markdown) console.log('');
  if (out !== null) appendFileSync(out, lines);
}

function machine(): Machine {
  return { at: new Date().toISOString(), node: process.version, cores: availableParallelism() };
}
