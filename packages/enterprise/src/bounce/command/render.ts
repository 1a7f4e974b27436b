// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { Prediction } from './prediction.ts';
import { isReached, type Measure } from './score.ts';

/** A table for people: one line a mail. */
export function mailTable(predictions: readonly Prediction[]): string {
  const rows = predictions.map((each) => [
    each.file,
    each.kind,
    each.status ?? '',
    each.reason_class ?? '',
    each.permanence ?? '',
    each.address_dead === true ? 'dead' : '',
    each.recipients.slice(0, 2).join(' ') +
      (each.recipients.length > 2 ? ` and ${each.recipients.length - 2} more` : ''),
  ]);
  return table([['mail', 'kind', 'status', 'reason', 'permanence', 'address', 'recipients'], ...rows]);
}

/** How many of which kind, and how long they took. */
export function summary(predictions: readonly Prediction[]): string {
  const kinds = new Map<string, number>();
  for (const { kind } of predictions) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
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
    shareOf(measure),
    targetOf(measure),
    isReached(measure) ? 'ok' : 'MISSED',
  ]);
  return table([['measure', 'score', 'target', ''], ...rows]);
}

function shareOf({ share: { hits, of } }: Measure): string {
  return of === 0 ? '-' : `${((100 * hits) / of).toFixed(1)} % (${hits} of ${of})`;
}

function targetOf({ target }: Measure): string {
  if ('atMostCount' in target) return `at most ${target.atMostCount}`;
  if ('atMost' in target) return `at most ${target.atMost * 100} %`;
  return target.atLeast === 0 ? '-' : `at least ${target.atLeast * 100} %`;
}

function table(rows: readonly (readonly string[])[]): string {
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
