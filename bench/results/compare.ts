// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { medianRow, spreadOf } from './median-row.ts';
import type { ComparedRow, FigureName, Row } from './row.ts';

/**
 * Bring the runs of each contender down to one row.
 * @param baseline the row that every ratio is of; without it no row has a ratio
 */
export function compare(
  runs: readonly (readonly Row[])[],
  { baseline, compared }: { readonly baseline: string; readonly compared: FigureName },
): readonly ComparedRow[] {
  const medians = runs.filter((rows) => rows.length > 0).map((rows) => ({ rows, median: medianRow(rows) }));
  const base = medians.find(({ median }) => median.row === baseline)?.median.figures[compared] ?? null;
  return medians.map(({ rows, median }) => {
    const value = median.figures[compared] ?? null;
    return {
      ...median,
      ratio: value === null || base === null || base === 0 ? null : value / base,
      spread: spreadOf(rows, compared),
    };
  });
}
