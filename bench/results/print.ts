// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { ResultTable } from './row.ts';
import { cellsOf, titleOf } from './table.ts';

/** A table for a terminal: names to the left, numbers to the right. */
export function plainTable(table: ResultTable): string {
  const lines = cellsOf(table);
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0))) ?? [];
  const padded = lines.map((cells) => cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  '));
  return [titleOf(table), ...padded, ''].join('\n');
}

/** A table for a document. */
export function markdownTable(table: ResultTable): string {
  const [titles = [], ...rows] = cellsOf(table);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = titles.map((_, column) => (column === 0 ? '---' : '---:'));
  return [`**${titleOf(table)}**`, '', line(titles), line(rule), ...rows.map(line), ''].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
