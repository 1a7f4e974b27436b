// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComparedRow, Figures, ResultTable } from './row.ts';

/** Where and when it was measured. */
export type Machine = Readonly<Record<string, string | number>>;

/** A row as it stands in a line of JSON. */
interface LineRow extends Omit<ComparedRow, 'figures'> {
  readonly plan: string;
  readonly where: ResultTable['where'];
  readonly compared: ResultTable['compared'];
  readonly rounds: number;
  readonly figures: Figures;
}

/** Each row as one line of JSON, machine included. */
export function linesOf({ plan, where, compared, rounds, rows }: ResultTable, machine: Machine): readonly string[] {
  return rows.map(({ figures, ratio, spread, ...row }) =>
    JSON.stringify({
      plan,
      where,
      ...row,
      figures: Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)])),
      ratio: rounded(ratio),
      spread: rounded(spread),
      compared,
      rounds,
      machine,
    }),
  );
}

/** The tables that lines came from, in the order of their first lines. Of a row that comes again the last one counts. */
export function tablesOf(lines: Iterable<string>): readonly ResultTable[] {
  const tables = new Map<string, { readonly first: LineRow; readonly rows: Map<string, ComparedRow> }>();
  for (const line of lines) {
    if (!line.startsWith('{')) continue;
    // written by linesOf
    const row = JSON.parse(line) as LineRow;
    const key = JSON.stringify([row.plan, row.where]);
    const table = tables.get(key) ?? { first: row, rows: new Map() };
    table.rows.set(row.row, row);
    tables.set(key, table);
  }
  return [...tables.values()].map(({ first: { plan, where, compared, rounds }, rows }) => ({
    plan,
    where,
    compared,
    rounds,
    rows: [...rows.values()],
  }));
}

function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.round(value * 10_000) / 10_000;
}
