// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command, InvalidArgumentError, Option } from 'commander';
import { DATABASES, type DatabaseKind } from '../crash-matrix/cells.ts';
import type { Load, LoadOptions } from '../load/load.ts';
import { LOADS } from '../load/loads.ts';
import type { Scenario } from '../trial/scenario.ts';
import { SCENARIOS } from '../trial/scenarios.ts';
import type { Size } from '../trial/size.ts';

export interface RunOptions {
  /** Null takes each that the scenario has. */
  readonly database: DatabaseKind | null;
  readonly size: Size;
  readonly seed: number;
  /** Minutes for which mail is posted and things go wrong at most, in each trial. */
  readonly minutes: number;
  /** Lines of JSON and nothing else on standard output. */
  readonly json: boolean;
  /** A table for a document in place of one for a terminal. */
  readonly markdown: boolean;
}

export interface MatrixOptions {
  readonly database: DatabaseKind | null;
  /** Write the promised table into its page, and try nothing. */
  readonly write: boolean;
  readonly json: boolean;
}

export interface FuzzOptions {
  readonly database: DatabaseKind | null;
  /** Requests on each database. */
  readonly count: number;
  readonly seed: number;
  readonly json: boolean;
}

export interface TimingOptions {
  readonly pairs: number;
  readonly seed: number;
}

export interface Actions {
  runScenarios(scenarios: readonly Scenario[], options: RunOptions): Promise<void>;
  runMatrix(options: MatrixOptions): Promise<void>;
  runFuzzing(options: FuzzOptions): Promise<void>;
  runTiming(options: TimingOptions): Promise<void>;
  runLoads(loads: readonly Load[], options: LoadOptions & { readonly json: boolean }): Promise<void>;
}

/** What commander makes of the command line. */
interface ParsedRun {
  readonly database?: DatabaseKind;
  readonly long: boolean;
  readonly brief: boolean;
  readonly seed?: number;
  readonly minutes?: number;
  readonly json: boolean;
  readonly markdown: boolean;
}

interface ParsedLoad {
  readonly seconds: number;
  readonly count?: number;
  readonly json: boolean;
}

export function createProgram({ runScenarios, runMatrix, runFuzzing, runTiming, runLoads }: Actions): Command {
  const program = new Command('torture')
    .description(
      'Runs real servers, breaks what is around them, and closes the books: nothing lost, nothing twice unsaid.',
    )
    .addHelpText('after', '\nThe exit code is 1 where something does not hold.')
    .showHelpAfterError('(add --help for what it takes)');
  program
    .command('run', { isDefault: true })
    .description('run scenarios, a row each')
    .argument('[scenarios...]', 'which; all of them when none is named', collectScenario, [])
    .addOption(databaseOption())
    .option('--long', 'the long form: says at its beginning how long it takes', false)
    .option('--brief', 'only those that a test run has time for, and less of each', false)
    .option('--seed <n>', 'decides when and where things go wrong; drawn and shown when left out', whole)
    .option('--minutes <n>', 'no more mail and no more trouble after that, in each trial', whole)
    .option('--json', 'print lines of JSON only', false)
    .option('--markdown', 'print a table for a document', false)
    .addHelpText('after', `\nScenarios:\n${SCENARIOS.map(describe).join('\n')}`)
    .action(async (named: readonly Scenario[], { database, long, brief, seed, minutes, json, markdown }: ParsedRun) => {
      await runScenarios(named.length > 0 ? named : SCENARIOS, {
        database: database ?? null,
        size: long ? 'long' : brief ? 'brief' : 'short',
        seed: seed ?? Date.now() % 100_000,
        minutes: minutes ?? Number.POSITIVE_INFINITY,
        json,
        markdown,
      });
    });
  program
    .command('crash-matrix')
    .description('kill and cut at each step of a delivery, and compare with what is promised')
    .addOption(databaseOption())
    .option('--write', 'write the promised table into docs/reference/reliability.md instead', false)
    .option('--json', 'print lines of JSON only', false)
    .action(async ({ database, write, json }: Partial<MatrixOptions>) => {
      await runMatrix({ database: database ?? null, write: write ?? false, json: json ?? false });
    });
  program
    .command('fuzz')
    .description('send hostile requests to every operation: no 5xx, no stall, no death')
    .addOption(databaseOption())
    .option('--count <n>', 'requests on each database', whole, 100_000)
    .option('--seed <n>', 'decides what is sent; drawn and shown when left out', whole)
    .option('--json', 'print lines of JSON only', false)
    .action(async ({ database, count, seed, json }: ParsedFuzz) => {
      await runFuzzing({ database: database ?? null, count, seed: seed ?? Date.now() % 100_000, json });
    });
  program
    .command('token-timing')
    .description('whether the time to refuse a token tells how much of it is right')
    .option('--pairs <n>', 'pairs that are timed', whole, 100_000)
    .option('--seed <n>', 'decides their order; drawn and shown when left out', whole)
    .action(async ({ pairs, seed }: Partial<TimingOptions> & Pick<TimingOptions, 'pairs'>) => {
      await runTiming({ pairs, seed: seed ?? Date.now() % 100_000 });
    });
  program
    .command('load')
    .description('ask more of a server than it can do, and print figures; on SQLite, on this machine')
    .argument('[loads...]', 'which; all of them when none is named', collectLoad, [])
    .option('--seconds <n>', 'how long those last that have no end of their own', whole, 60)
    .option('--count <n>', "in place of a load's own number", whole)
    .option('--json', 'print lines of JSON only', false)
    .addHelpText('after', `\nLoads:\n${LOADS.map(({ name, about }) => `  ${name.padEnd(15)} ${about}`).join('\n')}`)
    .action(async (named: readonly Load[], { seconds, count, json }: ParsedLoad) => {
      await runLoads(named.length > 0 ? named : LOADS, { seconds, count: count ?? null, json });
    });
  return program;
}

interface ParsedFuzz {
  readonly database?: DatabaseKind;
  readonly count: number;
  readonly seed?: number;
  readonly json: boolean;
}

function databaseOption(): Option {
  return new Option('--database <kind>', 'on this one only').choices(DATABASES);
}

function describe({ name, about, databases }: Scenario): string {
  return `  ${name.padEnd(15)} ${about} (${databases.join(', ')})`;
}

function collectScenario(name: string, chosen: readonly Scenario[]): readonly Scenario[] {
  const scenario = SCENARIOS.find((known) => known.name === name);
  if (scenario === undefined) {
    throw new InvalidArgumentError(`There are ${SCENARIOS.map((known) => known.name).join(', ')}.`);
  }
  return [...chosen, scenario];
}

function collectLoad(name: string, chosen: readonly Load[]): readonly Load[] {
  const load = LOADS.find((known) => known.name === name);
  if (load === undefined) throw new InvalidArgumentError(`There are ${LOADS.map((known) => known.name).join(', ')}.`);
  return [...chosen, load];
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
