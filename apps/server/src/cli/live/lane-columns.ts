// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { colorOf } from '../messages/event-line.ts';
import { type Colors, printable, shorten } from '../printable.ts';
import { clockTime } from '../times.ts';
import type { LaneAnswer } from './stats-answers.ts';

/** One column of the table of lanes. */
export interface LaneColumn {
  readonly title: string;
  readonly value: (lane: LaneAnswer) => string;
  /** What it is sorted by. */
  readonly order: (lane: LaneAnswer) => number | string;
  readonly isNumber: boolean;
  /** Where there is no room for all, those of the highest number go first. */
  readonly rank: number;
  readonly color?: (lane: LaneAnswer, colors: Colors) => (text: string) => string;
}

const count = (title: string, rank: number, of: (lane: LaneAnswer) => number): LaneColumn => ({
  title,
  rank,
  order: of,
  value: (lane) => String(of(lane)),
  isNumber: true,
});

const text = (title: string, rank: number, of: (lane: LaneAnswer) => string): LaneColumn => ({
  title,
  rank,
  order: of,
  value: of,
  isNumber: false,
});

/** From left to right. */
export const LANE_COLUMNS: readonly LaneColumn[] = [
  text('lane', 0, ({ tenant_id, account_id }) => `${tenant_id}/${printable(account_id)}`),
  {
    ...text('state', 1, ({ state }) => state),
    color: ({ state }, colors) => STATE_COLORS[state]?.(colors) ?? colorOf(state, colors),
  },
  count('ready', 2, ({ ready }) => ready),
  count('run', 3, ({ running }) => running),
  count('sent/m', 4, ({ last_minute }) => last_minute.sent),
  count('defer/m', 6, ({ last_minute }) => last_minute.deferred),
  count('fail/m', 7, ({ last_minute }) => last_minute.failed),
  count('deferred', 5, ({ deferred }) => deferred),
  count('held', 9, ({ held }) => held),
  count('conn', 10, ({ connections }) => connections),
  { ...text('limit', 8, limitText), order: (lane) => mostUsed(lane)?.share ?? 0 },
  text('waits for', 2.5, waitsFor),
  text('relay', 11, ({ host }) => printable(host)),
];

const STATE_COLORS: Readonly<Record<string, (colors: Colors) => (text: string) => string>> = {
  sending: (colors) => colors.green,
  idle: (colors) => colors.dim,
  waiting: (colors) => colors.yellow,
  paused: (colors) => colors.red,
  suspended: (colors) => colors.red,
};

/** Beyond this a column is cut. */
const MAX_WIDTH = 44;
const GAP = 2;

export interface LaneTable {
  /** The head first; each within the width. */
  readonly lines: readonly string[];
}

/** Lay lanes out within a width: columns that do not fit are left out, the least important first. */
export function laneTable(
  lanes: readonly LaneAnswer[],
  { columns, sort, colors }: { readonly columns: number; readonly sort: string | null; readonly colors: Colors },
): LaneTable {
  const widths = new Map(
    LANE_COLUMNS.map((column) => {
      const longest = Math.max(column.title.length, ...lanes.map((lane) => column.value(lane).length));
      return [column, Math.min(longest, MAX_WIDTH)];
    }),
  );
  const shown = fitting(widths, columns);
  const line = (cell: (column: LaneColumn, width: number) => string): string =>
    shown
      .map((column) => cell(column, widths.get(column) ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd();
  const aligned = ({ isNumber }: LaneColumn, value: string, width: number): string =>
    isNumber ? value.padStart(width) : shorten(value, width).padEnd(width);
  const head = line((column, width) => {
    const title = aligned(column, column.title, width);
    return column.title === sort ? colors.inverse(title) : colors.dim(title);
  });
  const rows = lanes.map((lane) =>
    line((column, width) => {
      const value = aligned(column, column.value(lane), width);
      return column.color === undefined ? value : column.color(lane, colors)(value);
    }),
  );
  return { lines: [head, ...rows] };
}

/** Sort by a column: numbers from the largest, texts from the first letter; or the other way round. */
export function sortLanes(lanes: readonly LaneAnswer[], title: string, isReversed: boolean): readonly LaneAnswer[] {
  const column = LANE_COLUMNS.find((each) => each.title === title);
  if (column === undefined) return lanes;
  const sorted = lanes.toSorted((a, b) => compare(column.order(a), column.order(b)));
  return isReversed ? sorted.toReversed() : sorted;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a;
  return String(a).localeCompare(String(b));
}

function fitting(widths: ReadonlyMap<LaneColumn, number>, columns: number): readonly LaneColumn[] {
  const kept = new Set<LaneColumn>();
  let left = columns;
  for (const column of LANE_COLUMNS.toSorted((a, b) => a.rank - b.rank)) {
    const width = (widths.get(column) ?? 0) + (kept.size === 0 ? 0 : GAP);
    if (kept.size > 0 && width > left) continue;
    kept.add(column);
    left -= width;
  }
  return LANE_COLUMNS.filter((column) => kept.has(column));
}

/** `45/60 m`: of the limit that is nearest to its end. */
function limitText(lane: LaneAnswer): string {
  const most = mostUsed(lane);
  return most === null ? '' : `${most.used}/${most.limit} ${most.per.slice(0, 1)}`;
}

function mostUsed({ limits }: LaneAnswer) {
  const [most] = limits
    .map(({ used, limit, per }) => ({ used, limit, per, share: limit === 0 ? 1 : used / limit }))
    .toSorted((a, b) => b.share - a.share);
  return most ?? null;
}

function waitsFor({ waiting_for }: LaneAnswer): string {
  if (waiting_for === null) return '';
  const { kind, until, detail } = waiting_for;
  const end = until === null ? '' : ` until ${clockTime(until)}`;
  return `${kind}${end}${detail === null ? '' : `: ${printable(detail)}`}`;
}
