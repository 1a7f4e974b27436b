// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { TrialResult } from '../trial/run-trial.ts';

const COLUMNS: readonly (readonly [title: string, cell: (result: TrialResult) => string])[] = [
  ['scenario', ({ scenario }) => scenario],
  ['database', ({ database }) => database],
  ['troubles', ({ troubles }) => String(troubles)],
  ['accepted', ({ accepted }) => String(accepted)],
  ['sent', ({ sent }) => String(sent)],
  ['not sent', ({ notSent }) => String(notSent)],
  ['in doubt', ({ waiting }) => String(waiting)],
  ['lost', ({ lost }) => String(lost)],
  ['copies too many', ({ duplicates }) => String(duplicates)],
  ['told', ({ told }) => (told === null ? '-' : String(told))],
  ['seconds', ({ seconds }) => seconds.toFixed(0)],
  ['measured', ({ figures }) => measured(figures)],
  ['holds', ({ wrong }) => (wrong.length === 0 ? 'yes' : 'NO')],
];
function measured(figures: TrialResult['figures']): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ');
}

/** Names stand to the left, numbers to the right. */
const NAMES = 2;

const linesOf = (results: readonly TrialResult[]): readonly (readonly string[])[] => [
  COLUMNS.map(([title]) => title),
  ...results.map((result) => COLUMNS.map(([, cell]) => cell(result))),
];

/** A table for a terminal. */
export function plainTable(results: readonly TrialResult[]): string {
  const lines = linesOf(results);
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string =>
    column < NAMES ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((cells) => cells.map(pad).join('  ')).join('\n');
}

/** A table for a document. */
export function markdownTable(results: readonly TrialResult[]): string {
  const [titles = [], ...rows] = linesOf(results);
  const rule = titles.map((_, column) => (column < NAMES ? '---' : '---:'));
  return [titles, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
