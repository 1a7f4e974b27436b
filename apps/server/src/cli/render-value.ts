// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import Table from 'cli-table3';
import { type Colors, printable, shorten } from './printable.ts';

export interface RenderOptions {
  /** Width to stay within. */
  readonly columns: number;
  readonly colors: Colors;
}

export interface Rendered {
  readonly text: string;
  /** Cursor of the next page, if there is one. */
  readonly next: string | null;
}

type Row = Readonly<Record<string, unknown>>;

/** Beyond this a column is cut, so that one long text leaves room for the others. */
const MAX_COLUMN = 40;
/** Less than this of a text says nothing. */
const MIN_COLUMN = 12;
const COLUMN_GAP = 2;

/** Lay an answer out for a person: a list as a table, one thing as its fields. */
export function renderValue(value: unknown, options: RenderOptions): Rendered {
  if (!isRow(value)) return { text: `${cell(value)}\n`, next: null };
  const { items, next } = value;
  if (!Array.isArray(items)) return { text: renderFields(value, options), next: null };
  const text = items.length === 0 ? 'none\n' : renderTable(items.filter(isRow), options);
  return { text, next: typeof next === 'string' ? next : null };
}

function renderFields(fields: Row, options: RenderOptions): string {
  const all = Object.entries(fields);
  const plain = all.filter(([, value]) => !isTable(value) && !isText(value));
  const width = Math.max(0, ...plain.map(([name]) => name.length));
  const lines = plain.map(([name, value]) => `${options.colors.dim(name.padEnd(width))}  ${cell(value)}\n`);
  const blocks = all.map(([name, value]) => {
    if (isText(value)) return renderText(name, value);
    return isTable(value) ? `\n${name}\n${renderTable(value, options)}${textsIn(value)}` : '';
  });
  return [...lines, ...blocks].join('');
}

/** Lines that would be lost in a column, such as what was said to a relay. */
function renderText(name: string, lines: readonly string[]): string {
  return `\n${name}\n${lines.map((line) => `  ${cell(line)}\n`).join('')}`;
}

function textsIn(rows: readonly Row[]): string {
  return rows
    .flatMap((row) => Object.entries(row).map(([name, value]) => (isText(value) ? renderText(name, value) : '')))
    .join('');
}

/**
 * As many columns as fit, in the order of the answer; those that say nothing are left out first. The first that does
 * not fit is cut to what is left for it.
 */
function renderTable(rows: readonly Row[], { columns, colors }: RenderOptions): string {
  const names = columnNames(rows).filter((name) => rows.some((row) => !isText(row[name]) && cell(row[name]) !== ''));
  const shown: { readonly name: string; readonly width: number }[] = [];
  let left = columns;
  for (const name of names) {
    const wanted = Math.max(name.length, ...rows.map((row) => shorten(cell(row[name]), MAX_COLUMN).length));
    const width = shown.length === 0 ? wanted : Math.min(wanted, left - COLUMN_GAP);
    if (width < wanted && width < Math.max(name.length, MIN_COLUMN)) break;
    shown.push({ name, width });
    left -= width + COLUMN_GAP;
  }
  const table = new Table({
    head: shown.map(({ name }) => colors.dim(name)),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': COLUMN_GAP },
  });
  table.push(...rows.map((row) => shown.map(({ name, width }) => shorten(cell(row[name]), width))));
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
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function isTable(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRow);
}

/** Sentences, unlike a list of names. */
function isText(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.some((line) => typeof line === 'string' && line.includes(' '));
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
