// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Colors } from '../printable.ts';
import { durationText, localTime, relativeTime } from '../times.ts';
import { spark } from './spark.ts';
import type { Figure, StatsAnswer } from './stats-answers.ts';

export const FIGURES: readonly Figure[] = ['accepted', 'sent', 'deferred', 'failed', 'bounced', 'reported'];

export interface RenderStatsOptions {
  readonly colors: Colors;
  /** Width to stay within. */
  readonly columns: number;
  /** Whose figures; null for those of all. */
  readonly tenantId: string | null;
}

const NAME_WIDTH = 10;
const RATE_WIDTH = 9;
const SUM_WIDTH = 10;

/** Lay out one picture of the moment: how much goes through, and what waits. */
export function renderStats(stats: StatsAnswer, { colors, columns, tenantId }: RenderStatsOptions): string {
  const { now, series, rates, report_lag_ms } = stats;
  const sparkWidth = Math.max(10, columns - NAME_WIDTH - RATE_WIDTH - SUM_WIDTH - 8);
  const head = `  ${''.padEnd(NAME_WIDTH)}${'a minute'.padStart(RATE_WIDTH)}${`${series.length} min`.padStart(SUM_WIDTH)}`;
  const rows = FIGURES.map((name) => {
    const values = series.map((row) => row[name]);
    const sum = values.reduce((a, b) => a + b, 0);
    const figures = `${String(rates[name]).padStart(RATE_WIDTH)}${String(sum).padStart(SUM_WIDTH)}`;
    return `  ${name.padEnd(NAME_WIDTH)}${figures}  ${figureColor(name, colors)(spark(values, sparkWidth))}`.trimEnd();
  });
  const lines = [
    `${colors.bold(tenantId ?? 'all tenants')}  ${colors.dim(localTime(now))}`,
    '',
    colors.dim(head),
    ...rows,
    '',
    ...waitingLines(stats),
    ...(report_lag_ms === 0 ? [] : [`  reports   the oldest that is not taken is ${durationText(report_lag_ms)} old`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** `120 wait: ready 3, deferred 117`, and since when the oldest is due. */
export function waitingLines({ waiting, oldest_due_at, now }: StatsAnswer): readonly string[] {
  const counted = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  if (waiting.total === 0) return ['  waiting   nothing'];
  const due = oldest_due_at === null ? '' : `; the oldest was due ${relativeTime(oldest_due_at, Date.parse(now))}`;
  return [
    `  waiting   ${waiting.total}: ${counted(waiting.by_state)}${due}`,
    `  priority  ${counted(waiting.by_priority)}`,
  ];
}

export function figureColor(name: Figure, colors: Colors): (text: string) => string {
  switch (name) {
    case 'sent':
      return colors.green;
    case 'deferred':
      return colors.yellow;
    case 'failed':
    case 'bounced':
      return colors.red;
    case 'accepted':
    case 'reported':
      return colors.cyan;
    default:
      return name satisfies never;
  }
}
