// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { FigureName, Figures, Row } from './row.ts';

/** Figure by figure the median of the runs; what was missing or came twice is summed. */
export function medianRow(runs: readonly Row[]): Row {
  const [first] = runs;
  if (first === undefined) throw new Error('there was no round');
  const names = new Set(runs.flatMap(({ figures }) => namesOf(figures)));
  return {
    row: first.row,
    messages: first.messages,
    missing: sum(runs.map(({ missing }) => missing)),
    duplicates: sum(runs.map(({ duplicates }) => duplicates)),
    figures: Object.fromEntries(
      [...names].map((name) => [name, medianOf(runs.map(({ figures }) => figures[name] ?? null))]),
    ),
  };
}

/** How far the best and the worst run lie apart, as a part of the median. */
export function spreadOf(runs: readonly Row[], name: FigureName): number | null {
  const values = runs.map(({ figures }) => figures[name] ?? null).filter((value) => value !== null);
  const median = medianOf(values);
  return median === null || median === 0 ? null : (Math.max(...values) - Math.min(...values)) / median;
}

/** Null where a run has no figure. */
function medianOf(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  if (numbers.length === 0 || numbers.length < values.length) return null;
  const [below = 0, above = 0] = [numbers[Math.ceil(numbers.length / 2) - 1], numbers[Math.floor(numbers.length / 2)]];
  return (below + above) / 2;
}

function namesOf(figures: Figures): readonly FigureName[] {
  // The type names all keys there can be.
  return Object.keys(figures) as FigureName[];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
