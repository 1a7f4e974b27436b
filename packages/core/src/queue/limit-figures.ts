// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { bucketMs, type RateWindow } from './rate-limits.ts';

/** A window of a lane, with what is in flight of its scope and what the next message needs of it, in its own unit. */
export interface AskedWindow extends RateWindow {
  readonly flying: number;
  readonly needed: number;
}

/** How full a window is. */
export interface WindowFigures {
  /** Sent in it, and in flight. */
  readonly used: number;
  /** Milliseconds: when there is room for the next message; null where there is now. */
  readonly freeAt: number | null;
  /** Whether what was sent alone fills it. */
  readonly isSpent: boolean;
}

interface AskedRow {
  readonly n: number;
  readonly scope: string;
  readonly window_ms: number;
  readonly most: number;
  readonly flying: number;
  readonly needed: number;
}

const ASKED_COLUMNS = {
  n: 'integer',
  scope: 'text',
  window_ms: 'bigint',
  most: 'bigint',
  flying: 'bigint',
  needed: 'bigint',
} as const;

interface UsedRow {
  readonly n: number;
  readonly used: number;
  /** Ends of the first buckets whose end makes room, with what is in flight and without; null where none does. */
  readonly free_at: number | null;
  readonly settled_free_at: number | null;
}

/**
 * Read how full windows are: as `lane-gates.ts` does for one lane, for any number in one statement, summed up by the
 * database. A window has 240 buckets at most for each instance.
 *
 * @returns one for each window, in their order
 */
export type ReadLimits = (windows: readonly AskedWindow[], now: number) => Promise<readonly WindowFigures[]>;

export function prepareLimitFigures(db: Database<CoreSchema>): ReadLimits {
  const used = db.prepare<{ windows: string; now: number }, UsedRow>((k, p) => ({
    compile: () =>
      sql<UsedRow>`
        with buckets as (
          select w.n, w.most, w.flying, w.needed, u.bucket_at, u.window_ms, sum(u.used) as used
          from ${db.dialect.rows<AskedRow>(p.windows, ASKED_COLUMNS)} w
          join ${sql.table('rate_uses')} u on u.scope = w.scope and u.window_ms = w.window_ms
          where u.bucket_at + u.window_ms > ${p.now}
          group by w.n, w.most, w.flying, w.needed, u.bucket_at, u.window_ms
        ), later as (
          select n, most, flying, needed, bucket_at + window_ms as ends_at, used, coalesce(sum(used) over (
            partition by n order by bucket_at desc rows between unbounded preceding and 1 preceding
          ), 0) as later
          from buckets
        )
        select n, cast(sum(used) as bigint) as used,
          min(case when later + flying = 0 or later + flying + needed <= most then ends_at end) as free_at,
          min(case when later = 0 or later + needed <= most then ends_at end) as settled_free_at
        from later group by n
      `.compile(k),
  }));
  return async (windows, now) => {
    if (windows.length === 0) return [];
    const asked = windows.map(
      ({ scope, windowMs, limit, flying, needed }, n): AskedRow => ({
        n,
        scope,
        window_ms: windowMs,
        most: limit,
        flying,
        needed,
      }),
    );
    const rows = new Map((await db.read(used.bind({ windows: rowsJson(asked), now }))).map((row) => [row.n, row]));
    return windows.map((window, n) => figuresOf(window, rows.get(n), now));
  };
}

function figuresOf(
  { limit, flying, needed, windowMs }: AskedWindow,
  row: UsedRow | undefined,
  now: number,
): WindowFigures {
  const settled = row?.used ?? 0;
  // A message that is larger than the limit goes alone.
  const isRoom = (taken: number): boolean => taken === 0 || taken + needed <= limit;
  const settledFreeAt = isRoom(settled) ? now : (row?.settled_free_at ?? now);
  const used = settled + flying;
  // What flies ends in its own time and may free its place at once.
  const freeAt = isRoom(used) ? null : (row?.free_at ?? Math.max(settledFreeAt, now + bucketMs(windowMs)));
  return { used, freeAt, isSpent: !isRoom(settled) };
}
