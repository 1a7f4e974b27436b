// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Row } from '../smoke/row.ts';

/** A row of medians, and how far the runs lie apart. */
export interface MedianRow extends Row {
  /** Of messages/s: the best run less the worst, as a part of the median. */
  readonly spread: number;
}

/** Column by column the median of the runs; what was missing or came twice is summed. */
export function medianRow(runs: readonly Row[]): MedianRow {
  const [first] = runs;
  if (first === undefined) throw new Error('there was no round');
  const rates = runs.map((run) => run.messages_per_second);
  const median = (column: (run: Row) => number | null): number | null => medianOf(runs.map(column));
  const rate = medianOf(rates) ?? 0;
  return {
    row: first.row,
    messages: first.messages,
    missing: sum(runs.map(({ missing }) => missing)),
    duplicates: sum(runs.map(({ duplicates }) => duplicates)),
    seconds: median(({ seconds }) => seconds) ?? 0,
    messages_per_second: rate,
    seconds_to_last_accept: median((run) => run.seconds_to_last_accept),
    seconds_to_last_report: median((run) => run.seconds_to_last_report),
    cpu_ms_per_message: median((run) => run.cpu_ms_per_message),
    commits_per_message: median((run) => run.commits_per_message),
    units_per_message: median((run) => run.units_per_message),
    spread: (Math.max(...rates) - Math.min(...rates)) / rate,
  };
}

/** Null where a run has no figure. */
function medianOf(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  if (numbers.length < values.length) return null;
  const middle = Math.floor(numbers.length / 2);
  const [below = 0, above = 0] = [numbers[Math.ceil(numbers.length / 2) - 1], numbers[middle]];
  return (below + above) / 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
