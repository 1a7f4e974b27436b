// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

export interface ClaimRow {
  readonly what: 'claim';
  readonly database: string;
  /** Messages that were ready. */
  readonly ready: number;
  readonly claims_per_second: number;
  /** Messages. */
  readonly per_second: number;
}

export interface WriteRow {
  readonly what: 'accept' | 'settle';
  readonly database: string;
  /** Messages written at once. */
  readonly batch: number;
  /** Messages. */
  readonly per_second: number;
  /** Of this process, all its threads: SQLite is in it, the server of PostgreSQL is not. */
  readonly cpu_ms_per_message: number;
}

/** Print a table, then each row as a line of JSON with `machine` added. */
export function printRows(rows: readonly (ClaimRow | WriteRow)[], machine: Readonly<Record<string, unknown>>): void {
  const table = [
    ['database', '', '', 'messages/s', 'claims/s', 'CPU ms/message'],
    ...rows.map((row) => [row.database, row.what, circumstances(row), whole(row.per_second), claims(row), cpu(row)]),
  ];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0))) ?? [];
  for (const cells of table) {
    console.log(cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  '));
  }
  console.log('');
  for (const row of rows) console.log(JSON.stringify({ bench: 'claims', ...rounded(row), ...machine }));
}

function circumstances(row: ClaimRow | WriteRow): string {
  return row.what === 'claim' ? `${row.ready.toLocaleString('en')} ready` : `${row.batch} at once`;
}

function claims(row: ClaimRow | WriteRow): string {
  return row.what === 'claim' ? whole(row.claims_per_second) : '-';
}

function cpu(row: ClaimRow | WriteRow): string {
  return row.what === 'claim' ? '-' : row.cpu_ms_per_message.toFixed(3);
}

function whole(value: number): string {
  return value.toFixed(0);
}

/** Names to the left, numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}

function rounded(row: object): Record<string, unknown> {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'number' ? Math.round(value * 10_000) / 10_000 : value,
  ]);
  return Object.fromEntries(entries);
}
