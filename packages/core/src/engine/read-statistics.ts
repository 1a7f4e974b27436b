// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { ReportCursorStore } from '../entities/message-event/report-cursor.store.ts';
import { CostlyReadings } from '../entities/statistics/costly-readings.ts';
import type { StatisticsServices } from '../entities/statistics/statistics.operations.ts';
import type { StatisticsOutput } from '../entities/statistics/statistics.schema.ts';
import { TRAFFIC_KINDS, type TrafficCounts, type TrafficKind } from '../entities/statistics/statistics.table.ts';
import type { SeenMinute, TrafficStore } from '../entities/statistics/traffic.store.ts';
import { MINUTE_MS, minuteOf, type Traffic } from '../entities/statistics/traffic.ts';
import { rfc3339, rfc3339OrNull } from '../operations/fields.ts';
import type { ReadWaiting, WaitingFigures } from '../queue/waiting-figures.ts';

export interface ReadStatisticsParts {
  readonly clock: Clock;
  readonly traffic: Pick<Traffic, 'lastMinute' | 'minutesBefore'>;
  readonly store: Pick<TrafficStore, 'since'>;
  readonly readWaiting: ReadWaiting;
  readonly events: Pick<ReportCursorStore, 'oldestUnacknowledged'>;
  readonly session: () => number;
}

interface Standing {
  readonly waiting: WaitingFigures;
  /** Milliseconds; null where all was acknowledged. */
  readonly oldestEventAt: number | null;
}

const NOTHING = Object.fromEntries(TRAFFIC_KINDS.map((kind) => [kind, 0])) as Record<TrafficKind, number>;

/** What goes on, from what this process counted and what all of them wrote down. */
export function createReadStatistics(parts: ReadStatisticsParts): StatisticsServices['statistics'] {
  const { clock, traffic, readWaiting, events } = parts;
  const readings = new CostlyReadings<Standing>({ clock });
  const readStanding = async (tenantId: string | null): Promise<Standing> => {
    const [waiting, oldestEventAt] = await Promise.all([readWaiting(tenantId), events.oldestUnacknowledged(tenantId)]);
    return { waiting, oldestEventAt };
  };
  return async ({ tenantId }, minutes) => {
    const key = JSON.stringify(tenantId);
    const [standing, seen] = await Promise.all([
      readings.get(key, () => readStanding(tenantId)),
      readMinutes(parts, tenantId, minutes),
    ]);
    const now = clock.now();
    const { waiting, oldestEventAt } = standing;
    return {
      now: rfc3339(now),
      waiting: waitingView(waiting),
      oldest_due_at: rfc3339OrNull(waiting.oldestDueAt),
      rates: sumOf([traffic.lastMinute(tenantId), ...othersIn(seen, minuteOf(now) - MINUTE_MS)]),
      series: seriesOf(seen, { now, minutes }),
      report_lag_ms: oldestEventAt === null ? 0 : Math.max(0, now - oldestEventAt),
    };
  };
}

/** What is in memory has not been written down; what has been since is left out of what is read. */
async function readMinutes(
  { clock, traffic, store, session }: ReadStatisticsParts,
  tenantId: string | null,
  minutes: number,
): Promise<readonly SeenMinute[]> {
  const own = traffic
    .minutesBefore(Number.POSITIVE_INFINITY)
    .filter((minute) => tenantId === null || minute.tenantId === tenantId)
    .map(({ tenantId: _, ...minute }): SeenMinute => ({ ...minute, is_own: 1 }));
  const inMemory = new Set(own.map(({ at }) => at));
  // One more, for what other instances did in the last full minute.
  const from = minuteOf(clock.now()) - Math.max(minutes - 1, 1) * MINUTE_MS;
  const written = await store.since(tenantId, from, session());
  return [...own, ...written.filter(({ at, is_own }) => is_own === 0 || !inMemory.has(at))];
}

function othersIn(seen: readonly SeenMinute[], minute: number): readonly SeenMinute[] {
  return seen.filter(({ at, is_own }) => at === minute && is_own === 0);
}

/** A row for each minute, also for those in which nothing happened. */
function seriesOf(
  seen: readonly SeenMinute[],
  { now, minutes }: { readonly now: number; readonly minutes: number },
): StatisticsOutput['series'] {
  const byMinute = Map.groupBy(seen, ({ at }) => at);
  const first = minuteOf(now) - (minutes - 1) * MINUTE_MS;
  return Array.from({ length: minutes }, (_, index) => {
    const at = first + index * MINUTE_MS;
    return { at: rfc3339(at), ...sumOf(byMinute.get(at) ?? []) };
  });
}

function sumOf(parts: readonly TrafficCounts[]): Record<TrafficKind, number> {
  const sum = { ...NOTHING };
  for (const counts of parts) for (const kind of TRAFFIC_KINDS) sum[kind] += counts[kind];
  return sum;
}

function waitingView({ byState, byPriority }: WaitingFigures): StatisticsOutput['waiting'] {
  const state = (name: Parameters<typeof byState.get>[0]): number => byState.get(name) ?? 0;
  const priority = (level: number): number => byPriority.get(level) ?? 0;
  return {
    total: [...byState.values()].reduce((sum, count) => sum + count, 0),
    by_state: {
      preparing: state('preparing'),
      ready: state('ready'),
      leased: state('leased'),
      deferred: state('deferred'),
      suspended: state('suspended'),
      held: state('held'),
      in_doubt: state('in_doubt'),
    },
    by_priority: { immediate: priority(0), high: priority(1), medium: priority(2), low: priority(3) },
  };
}
