// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ComparedRow, FIGURES, type FigureName, type ResultTable } from './row.ts';

interface Column {
  readonly title: string;
  readonly cell: (row: ComparedRow) => string;
}

/** The figures of a table as lines of cells, titles first: those columns that some row has a value in. */
export function cellsOf({ rows, compared }: ResultTable): readonly (readonly string[])[] {
  const columns: readonly Column[] = [
    { title: '', cell: ({ row }) => row },
    ...figureColumns(rows, (name) => name === compared),
    { title: 'ratio', cell: ({ ratio }) => decimals(ratio, 2) },
    { title: 'spread', cell: ({ spread }) => (spread === null ? '-' : `${(spread * 100).toFixed(0)} %`) },
    ...figureColumns(rows, (name) => name !== compared),
    { title: 'messages', cell: ({ messages }) => String(messages) },
    ...faultColumns(rows),
  ];
  return [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
}

/** What the table is called: the plan and its circumstances. */
export function titleOf({ plan, where }: ResultTable): string {
  const circumstances = Object.entries(where).map(([name, value]) => `${name} ${value}`);
  return [plan, ...circumstances].join(', ');
}

function figureColumns(rows: readonly ComparedRow[], wanted: (name: FigureName) => boolean): readonly Column[] {
  // The table's own keys.
  const names = (Object.keys(FIGURES) as FigureName[]).filter(wanted);
  return names
    .filter((name) => rows.some(({ figures }) => (figures[name] ?? null) !== null))
    .map((name) => {
      const [title, digits] = FIGURES[name];
      return { title, cell: ({ figures }) => decimals(figures[name] ?? null, digits) };
    });
}

/** Nothing is lost and nothing comes twice, so that these are seldom seen. */
function faultColumns(rows: readonly ComparedRow[]): readonly Column[] {
  if (rows.every(({ missing, duplicates }) => missing === 0 && duplicates === 0)) return [];
  return [
    { title: 'missing', cell: ({ missing }) => String(missing) },
    { title: 'twice', cell: ({ duplicates }) => String(duplicates) },
  ];
}

function decimals(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}
