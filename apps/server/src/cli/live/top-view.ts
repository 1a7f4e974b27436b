// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Colors, shorten } from '../printable.ts';
import { clockTime, relativeTime } from '../times.ts';
import { LANE_COLUMNS, laneTable, sortLanes } from './lane-columns.ts';
import { FIGURES, figureColor } from './render-stats.ts';
import { spark } from './spark.ts';
import type { Lanes, StatsAnswer } from './stats-answers.ts';

/** What is looked at, and how. */
export interface TopView {
  readonly sort: string;
  readonly isReversed: boolean;
  /** Whether the picture stands still. */
  readonly isPaused: boolean;
  /** Lanes that have gone out at the top. */
  readonly offset: number;
}

export const FIRST_VIEW: TopView = { sort: 'ready', isReversed: false, isPaused: false, offset: 0 };

/** What a key does; null ends it. */
export function afterKey(view: TopView, key: string): TopView | null {
  switch (key) {
    case 'q':
    case 'escape':
    case 'ctrl+c':
      return null;
    case 'p':
      return { ...view, isPaused: !view.isPaused };
    case 'right':
      return { ...view, sort: titleBeside(view.sort, 1), offset: 0 };
    case 'left':
      return { ...view, sort: titleBeside(view.sort, -1), offset: 0 };
    case 'r':
      return { ...view, isReversed: !view.isReversed, offset: 0 };
    case 'down':
      return { ...view, offset: view.offset + 1 };
    case 'up':
      return { ...view, offset: Math.max(0, view.offset - 1) };
    default:
      return view;
  }
}

function titleBeside(title: string, step: number): string {
  const titles = LANE_COLUMNS.map((column) => column.title);
  const at = titles.indexOf(title) + step;
  return titles[(at + titles.length) % titles.length] ?? title;
}

export interface Picture {
  readonly stats: StatsAnswer;
  readonly lanes: Lanes;
}

export interface FrameOptions {
  readonly colors: Colors;
  readonly columns: number;
  /** Lines that there is room for; null for all that are wanted. */
  readonly rows: number | null;
  /** Null where nobody can press keys. */
  readonly view: TopView | null;
  /** What is shown in place of the keys, such as that the server is away. */
  readonly note: string | null;
}

const KEYS = 'q quit  p pause  left/right sort by  r reverse  up/down scroll';
/** Figures, what waits, bars, a blank line, and the names of columns. */
const HEAD_LINES = 5;

/** One frame of `top`: figures, then lanes. */
export function topFrame({ stats, lanes }: Picture, { colors, columns, rows, view, note }: FrameOptions): string {
  const { sort, isReversed, offset } = view ?? FIRST_VIEW;
  const sorted = sortLanes(lanes.lanes, sort, isReversed);
  const footer = footerOf(lanes, { view, note, colors, columns });
  const room = rows === null ? sorted.length : Math.max(1, rows - HEAD_LINES - footer.length - 1);
  const first = Math.min(offset, Math.max(0, sorted.length - room));
  const table = laneTable(sorted.slice(first, first + room), { columns, sort: view === null ? null : sort, colors });
  const lines = [...headOf(stats, columns, colors), '', ...table.lines, ...footer];
  return `${lines.join('\n')}\n`;
}

/** What stands before the figures. */
const START = '00:00:00  a minute:';

function headOf({ now, rates, series, waiting, oldest_due_at }: StatsAnswer, columns: number, colors: Colors) {
  const figures: string[] = [];
  let width = START.length;
  for (const name of FIGURES) {
    const figure = `  ${name} ${rates[name]}`;
    width += figure.length;
    if (width <= columns) figures.push(figureColor(name, colors)(figure));
  }
  const states = Object.entries(waiting.by_state).filter(([, count]) => count > 0);
  const waits = states.length === 0 ? '' : ` (${states.map(([name, count]) => `${name} ${count}`).join(', ')})`;
  const due = oldest_due_at === null ? '' : `, oldest due ${relativeTime(oldest_due_at, Date.parse(now))}`;
  const label = 'sent  ';
  return [
    `${colors.bold(clockTime(now))}  a minute:${figures.join('')}`,
    shorten(`waiting ${waiting.total}${waits}${due}`, columns),
    label +
      colors
        .green(
          spark(
            series.map(({ sent }) => sent),
            columns - label.length,
          ),
        )
        .trimEnd(),
  ];
}

function footerOf(
  { lanes, hasMore }: Lanes,
  { view, note, colors, columns }: Pick<FrameOptions, 'view' | 'note' | 'colors' | 'columns'>,
): readonly string[] {
  const more = `there are more than these ${lanes.length} lanes: choose with --tenant-id or --state`;
  const lines: readonly (readonly [isThere: boolean, color: (text: string) => string, text: string])[] = [
    [lanes.length === 0, colors.dim, 'no lanes: there is no account'],
    [hasMore, colors.dim, more],
    [note !== null, colors.yellow, note ?? ''],
    [view?.isPaused === true, colors.yellow, 'paused; p goes on'],
    [view !== null, colors.dim, KEYS],
  ];
  return lines.flatMap(([isThere, color, text]) => (isThere ? [color(shorten(text, columns))] : []));
}
