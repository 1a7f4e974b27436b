// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What one way of sending came to. Null: cannot be known of it. */
export interface Row {
  readonly row: string;
  readonly messages: number;
  /** Messages that never arrived at the sink. */
  readonly missing: number;
  /** Arrivals of a message that had arrived already. */
  readonly duplicates: number;
  /** From the first submit to the last arrival at the sink. */
  readonly seconds: number;
  readonly messages_per_second: number;
  /** From the first submit until all were accepted, that is stored. */
  readonly seconds_to_last_accept: number | null;
  /** From the first submit to the last report. */
  readonly seconds_to_last_report: number | null;
  /** CPU of the process that sends, all its threads. */
  readonly cpu_ms_per_message: number | null;
  /** Transactions that the database committed. */
  readonly commits_per_message: number | null;
  /** Units of work, each atomic, that shared those transactions. */
  readonly units_per_message: number | null;
}

/** A row beside the baseline. */
interface ComparedRow extends Row {
  /** How many times the messages per second of the baseline; 1 for the baseline itself. */
  readonly ratio: number;
}

/** The columns of the table: title, and how a cell reads. */
const COLUMNS: readonly (readonly [title: string, cell: (row: ComparedRow) => string])[] = [
  ['', ({ row }) => row],
  ['messages', ({ messages }) => String(messages)],
  ['missing', ({ missing }) => String(missing)],
  ['twice', ({ duplicates }) => String(duplicates)],
  ['seconds', ({ seconds }) => seconds.toFixed(2)],
  ['messages/s', ({ messages_per_second }) => messages_per_second.toFixed(0)],
  ['ratio', ({ ratio }) => ratio.toFixed(2)],
  ['to last accept', (row) => decimals(row.seconds_to_last_accept, 2)],
  ['to last report', (row) => decimals(row.seconds_to_last_report, 2)],
  ['CPU ms/message', (row) => decimals(row.cpu_ms_per_message, 2)],
  ['commits/message', (row) => decimals(row.commits_per_message, 3)],
  ['units/message', (row) => decimals(row.units_per_message, 2)],
];

/** Print all rows as a table, the baseline last, then each as a line of JSON behind the name of the bench and its machine. */
export function printRows(
  rows: readonly Row[],
  baseline: Row,
  { bench, ...machine }: { readonly bench: string } & Readonly<Record<string, unknown>>,
): void {
  const compared = [...rows, baseline].map((row) => ({
    ...row,
    ratio: row.messages_per_second / baseline.messages_per_second,
  }));
  const table = [COLUMNS.map(([title]) => title), ...compared.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  for (const cells of table) {
    console.log(cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  '));
  }
  console.log('');
  for (const row of compared) console.log(JSON.stringify({ bench, ...rounded(row), ...machine }));
}

/** Names to the left, numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function decimals(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}

function rounded(row: ComparedRow): Record<string, unknown> {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'number' ? Math.round(value * 10_000) / 10_000 : value,
  ]);
  return Object.fromEntries(entries);
}
