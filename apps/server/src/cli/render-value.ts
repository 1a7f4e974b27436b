// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import Table from 'cli-table3';
import type pc from 'picocolors';

export interface RenderOptions {
  /** Width to stay within. */
  readonly columns: number;
  readonly colors: ReturnType<typeof pc.createColors>;
}

export interface Rendered {
  readonly text: string;
  /** Cursor of the next page, if there is one. */
  readonly next: string | null;
}

type Row = Readonly<Record<string, unknown>>;

/** Beyond this a column is cut, so that one long text leaves room for the others. */
const MAX_COLUMN = 40;

/** Lay an answer out for a person: a list as a table, one thing as its fields. */
export function renderValue(value: unknown, options: RenderOptions): Rendered {
  if (!isRow(value)) return { text: `${cell(value)}\n`, next: null };
  const { items, next } = value;
  if (!Array.isArray(items)) return { text: renderFields(value, options), next: null };
  const text = items.length === 0 ? 'none\n' : renderTable(items.filter(isRow), options);
  return { text, next: typeof next === 'string' ? next : null };
}

function renderFields(fields: Row, options: RenderOptions): string {
  const lists = Object.entries(fields).filter(([, value]) => isTable(value));
  const plain = Object.entries(fields).filter(([, value]) => !isTable(value));
  const width = Math.max(0, ...plain.map(([name]) => name.length));
  const lines = plain.map(([name, value]) => `${options.colors.dim(name.padEnd(width))}  ${cell(value)}\n`);
  const tables = lists.map(([name, rows]) => `\n${name}\n${renderTable(Array.isArray(rows) ? rows : [], options)}`);
  return [...lines, ...tables].join('');
}

/** As many columns as fit, in the order of the answer; those that say nothing are left out first. */
function renderTable(rows: readonly Row[], { columns, colors }: RenderOptions): string {
  const names = columnNames(rows).filter((name) => rows.some((row) => cell(row[name]) !== ''));
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => shorten(cell(row[name])).length)) + 2);
  let left = columns;
  const shown = names.filter((_, at) => {
    left -= widths[at] ?? 0;
    return left >= 0 || at === 0;
  });
  const table = new Table({
    head: shown.map((name) => colors.dim(name)),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...rows.map((row) => shown.map((name) => shorten(cell(row[name])))));
  const hidden = names.length - shown.length;
  return `${table}\n${hidden > 0 ? colors.dim(`${hidden} more columns with --json\n`) : ''}`;
}

/** What people gave a name is shown by it; our own key comes last. */
function columnNames(rows: readonly Row[]): readonly string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const place = (name: string): number => (name === 'id' ? 0 : name === 'pk' ? 2 : 1);
  return names.includes('id') ? names.toSorted((a, b) => place(a) - place(b)) : names;
}

const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((name) => [name, '']),
);

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  // Text of mail may hold anything; control characters would reach the terminal.
  return (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function shorten(text: string): string {
  return text.length > MAX_COLUMN ? `${text.slice(0, MAX_COLUMN - 1)}…` : text;
}

function isTable(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isRow);
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
