// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { FigureName, Row } from '../results/row.ts';
import type { World } from '../world/world.ts';

/** What the command line asks for. */
export interface BenchOptions {
  /** Of each table; every contender runs once in each. */
  readonly rounds: number | null;
  /** In place of a plan's own number of messages. */
  readonly messages: number | null;
  /** Which rows run beside the one that ratios are of. @defaultValue all */
  readonly rows: RegExp | null;
  /** With rows of BullMQ, pg-boss and graphile-worker. */
  readonly peers: boolean;
  /** Seconds of the plan `latency`. */
  readonly seconds: number;
  /** Largest backlog of the plan `backlog`. */
  readonly ready: number;
  /** Accounts of the plan `lanes`. */
  readonly accounts: number;
  /** MiB of each attachment of the plan `large`. */
  readonly mib: number;
}

/** Measures the same each time it runs, with everything of its own. */
export interface Contender {
  readonly row: string;
  run(): Promise<Row>;
}

/** Contenders that are compared with each other. */
export interface Group {
  /** What distinguishes the table from others of the plan. */
  readonly where: Readonly<Record<string, string | number>>;
  readonly contenders: readonly Contender[];
  /** The row that every ratio is of. */
  readonly baseline: string;
  readonly compared: FigureName;
  /** @defaultValue those of the command line, or the plan's */
  readonly rounds?: number;
}

export interface Plan {
  readonly name: string;
  /** For `--help`. */
  readonly summary: string;
  /** Where the command line says nothing. */
  readonly rounds: number;
  groups(options: BenchOptions, world: World): Promise<readonly Group[]>;
}
