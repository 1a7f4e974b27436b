// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command, InvalidArgumentError } from 'commander';
import { PLANS } from '../plans/all-plans.ts';
import type { BenchOptions, Plan } from '../plans/plan.ts';
import { whole } from './whole.ts';

/** How the results are shown, beside what is measured. */
export interface OutputOptions {
  /** Lines of JSON and nothing else on standard output. */
  readonly json: boolean;
  /** Tables for a document in place of those for a terminal. */
  readonly markdown: boolean;
  /** A file that the lines of JSON are added to. */
  readonly out: string | null;
}

export type Run = (plans: readonly Plan[], options: BenchOptions & OutputOptions) => Promise<void>;

/** What commander makes of the command line. */
interface Parsed {
  readonly rounds?: number;
  readonly messages?: number;
  readonly rows?: RegExp;
  readonly peers: boolean;
  readonly seconds: number;
  readonly ready: number;
  readonly accounts: number;
  readonly mib: number;
  readonly json: boolean;
  readonly markdown: boolean;
  readonly out?: string;
}

export function createProgram(run: Run): Command {
  return new Command('bench')
    .description('Measures mail-proxy beside what one would use or build instead. Asserts no time.')
    .argument('[plans...]', 'which plans to run; all of them when none is named', collectPlan, [])
    .option('--rounds <n>', 'rounds of each table, in which all rows run in turn; the median is shown', whole)
    .option('--messages <n>', "messages of each run, in place of the plan's own number", whole)
    .option('--rows <pattern>', 'only rows whose names match, and the one that ratios are of', pattern)
    .option('--peers', 'with BullMQ, pg-boss and graphile-worker, as far as Redis and PostgreSQL can run', false)
    .option('--seconds <n>', 'how long a run of the plan latency takes', whole, 20)
    .option('--ready <n>', 'the largest backlog of the plan backlog', whole, 100_000)
    .option('--accounts <n>', 'accounts of the plan lanes', whole, 10_000)
    .option('--mib <n>', 'size of each attachment of the plan large', whole, 25)
    .option('--json', 'print lines of JSON only', false)
    .option('--markdown', 'print tables for a document', false)
    .option('--out <file>', 'add the lines of JSON to a file as well')
    .addHelpText('after', `\nPlans:\n${PLANS.map(describe).join('\n')}\n\n${NOTES}`)
    .showHelpAfterError('(add --help for what it takes)')
    .action(async (plans: readonly Plan[], { rounds, messages, rows, out, ...options }: Parsed) => {
      const chosen = plans.length === 0 ? PLANS : plans;
      const unset = { rounds: rounds ?? null, messages: messages ?? null, rows: rows ?? null, out: out ?? null };
      await run(chosen, { ...options, ...unset });
    });
}

const NOTES = `The exit code is 1 when messages are missing or came twice. Progress goes to standard error.`;

function describe({ name, summary, rounds }: Plan): string {
  return `  ${name.padEnd(12)} ${summary} (rounds: ${rounds})`;
}

function collectPlan(name: string, chosen: readonly Plan[]): readonly Plan[] {
  const plan = PLANS.find((known) => known.name === name);
  if (plan === undefined) {
    throw new InvalidArgumentError(`There are ${PLANS.map((known) => known.name).join(', ')}.`);
  }
  return [...chosen, plan];
}

function pattern(value: string): RegExp {
  try {
    return new RegExp(value, 'i');
  } catch (cause) {
    throw Object.assign(new InvalidArgumentError('Expected a regular expression.'), { cause });
  }
}
