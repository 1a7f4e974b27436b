// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isReached, type Measure } from './measure.ts';

/** What the summary of all mails is made of. */
export interface Timed {
  readonly file: string;
  readonly ms: number;
}

/** How many of which kind, and how long they took. */
export function summary<Prediction extends Timed>(
  predictions: readonly Prediction[],
  kindOf: (prediction: Prediction) => string,
): string {
  const kinds = new Map<string, number>();
  for (const prediction of predictions) kinds.set(kindOf(prediction), (kinds.get(kindOf(prediction)) ?? 0) + 1);
  const counts = [...kinds].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`);
  const slowest = predictions.reduce<Prediction | null>((a, b) => (a === null || b.ms > a.ms ? b : a), null);
  const total = predictions.reduce((sum, { ms }) => sum + ms, 0);
  return [
    `${predictions.length} mails: ${counts.join(', ')}`,
    slowest === null
      ? ''
      : `${(total / predictions.length).toFixed(1)} ms a mail, ${slowest.ms.toFixed(1)} ms the slowest (${slowest.file})`,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

/** The score as a table, each measure beside its target. */
export function scoreTable(measures: readonly Measure[]): string {
  const rows = measures.map((measure) => [
    measure.name,
    shownShare(measure),
    targetOf(measure),
    isReached(measure) ? 'ok' : 'MISSED',
  ]);
  return table([['measure', 'score', 'target', ''], ...rows]);
}

function shownShare({ share: { hits, of } }: Measure): string {
  return of === 0 ? '-' : `${((100 * hits) / of).toFixed(1)} % (${hits} of ${of})`;
}

function targetOf({ target }: Measure): string {
  if ('atMostCount' in target) return `at most ${target.atMostCount}`;
  if ('atMost' in target) return `at most ${target.atMost * 100} %`;
  return target.atLeast === 0 ? '-' : `at least ${target.atLeast * 100} %`;
}

/** Columns as wide as their widest cell; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
