// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { FigureName, ResultTable, Row } from './row.ts';

/** What was aimed at, and what came of it. */
export interface Verdict {
  readonly plan: string;
  readonly target: string;
  /** Null where it was not measured. */
  readonly measured: number | null;
  readonly isMet: boolean | null;
  readonly digits: number;
}

/** A figure of one row beside that of another, in the tables of a plan. */
interface RatioTarget {
  readonly plan: string;
  /** Which tables, by a part of their circumstances. @defaultValue all of the plan, each with a verdict of its own */
  readonly where?: ResultTable['where'];
  readonly row: string;
  readonly of: string;
  /** @defaultValue messages_per_second */
  readonly figure?: FigureName;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** A figure of rows of ours, the worst of all that were measured. */
interface FigureTarget {
  readonly plans: readonly string[];
  readonly title: string;
  /** Of the row's name. @defaultValue mail-proxy */
  readonly rows?: RegExp;
  readonly figure: FigureName;
  readonly atMost: number;
}

const OURS = 'mail-proxy, retry, SQLite';
const OURS_ON_POSTGRES = 'mail-proxy, retry, PostgreSQL';
const POOL = 'nodemailer pool';
const BEHIND_HTTP = 'nodemailer behind HTTP';
const BULLMQ = 'BullMQ + nodemailer pool, fsync always';
const PG_BOSS = 'pg-boss + nodemailer pool';
const GRAPHILE = 'graphile-worker + nodemailer pool';

const RATIOS: readonly RatioTarget[] = [
  ...[
    { of: POOL, atLeast: 3.5 },
    { of: BULLMQ, atLeast: 5.5 },
    { of: 'raw socket, lock-step', atLeast: 0.65 },
  ].map((target) => ({ plan: 'throughput', row: OURS, ...target })),
  ...[PG_BOSS, GRAPHILE].map((of) => ({ plan: 'throughput', row: OURS_ON_POSTGRES, of, atLeast: 4 })),
  { plan: 'rtt', row: OURS, of: POOL, atLeast: 2 },
  { plan: 'rtt', row: OURS, of: 'raw socket, deep', atLeast: 0.9 },
  ...[BULLMQ, GRAPHILE].map((of) => ({
    plan: 'acceptance',
    where: { 'messages in a request': 100 },
    row: OURS,
    of,
    atLeast: 2,
  })),
  { plan: 'acceptance', where: { 'messages in a request': 1 }, row: OURS, of: BULLMQ, atLeast: 2 },
  ...[BULLMQ, PG_BOSS, GRAPHILE].map((of) => ({ plan: 'drain', row: OURS, of, atLeast: 6 })),
  { plan: 'attachment', row: OURS, of: POOL, atLeast: 1 },
  { plan: 'attachment', row: OURS, of: BULLMQ, atLeast: 3 },
  ...[1, 50].map((connections) => ({
    plan: 'connections',
    where: { connections },
    row: OURS,
    of: POOL,
    atLeast: 3,
  })),
  { plan: 'latency', row: OURS, of: BEHIND_HTTP, figure: 'p50_ms', atMost: 1 },
  { plan: 'latency', row: OURS, of: BEHIND_HTTP, figure: 'p99_ms', atMost: 1 },
  ...['100,000 ready', '1,000,000 ready'].map((row) => ({ plan: 'backlog', row, of: '1,000 ready', atLeast: 0.8 })),
  {
    plan: 'lanes',
    row: '10000 accounts, SQLite',
    of: '1 account with 50 connections, SQLite',
    atLeast: 0.7,
  },
];

const FLOODS = ['throughput', 'connections', 'rtt', 'drain', 'lanes', 'pool', 'memory'];

const FIGURE_TARGETS: readonly FigureTarget[] = [
  {
    plans: ['backlog'],
    title: 'seconds of a start with 1,000,000',
    rows: /^1,000,000/,
    figure: 'start_seconds',
    atMost: 3,
  },
  {
    plans: ['throughput'],
    title: 'CPU ms/message, SQLite',
    rows: /retry, SQLite$/,
    figure: 'cpu_ms_per_message',
    atMost: 0.25,
  },
  { plans: ['memory'], title: 'MiB at most', figure: 'rss_peak_mib', atMost: 300 },
  { plans: ['large'], title: 'MiB at most', figure: 'rss_peak_mib', atMost: 500 },
  ...[...FLOODS, 'attachment', 'latency', 'acceptance', 'backlog', 'instances', 'large'].map((plan) => ({
    plans: [plan],
    title: 'event loop p99.9, ms',
    rows: /mail-prox|ready$|accounts?/,
    figure: 'event_loop_p999_ms' as const,
    atMost: 20,
  })),
  {
    plans: FLOODS,
    title: 'seconds from the last delivery to the last report',
    figure: 'report_lag_seconds',
    atMost: 2,
  },
];

/** Hold tables against the targets. */
export function verdictsOf(tables: readonly ResultTable[]): readonly Verdict[] {
  return [
    ...RATIOS.flatMap((target) => ratioVerdicts(tables, target)),
    ...FIGURE_TARGETS.map((target) => figureVerdict(tables, target)),
  ];
}

function ratioVerdicts(tables: readonly ResultTable[], target: RatioTarget): readonly Verdict[] {
  const { plan, row, of, figure = 'messages_per_second', atLeast, atMost = Number.POSITIVE_INFINITY } = target;
  const bound = atLeast === undefined ? `at most ${atMost} x` : `at least ${atLeast} x`;
  const title = `${row}: ${figure === 'messages_per_second' ? '' : `${figure} `}${bound} ${of}`;
  const verdict = (circumstances: ResultTable['where'], measured: number | null): Verdict => ({
    plan: [plan, ...Object.entries(circumstances).map(([name, value]) => `${name} ${value}`)].join(', '),
    target: title,
    measured,
    isMet: measured === null ? null : measured >= (atLeast ?? 0) && measured <= atMost,
    digits: 2,
  });
  const fitting = tables.filter((table) => table.plan === plan && isPartOf(target.where ?? {}, table.where));
  if (fitting.length === 0) return [verdict(target.where ?? {}, null)];
  return fitting.map(({ where, rows }) => {
    const value = figureOf(rows, row, figure);
    const base = figureOf(rows, of, figure);
    return verdict(where, value === null || base === null ? null : value / base);
  });
}

function figureVerdict(tables: readonly ResultTable[], target: FigureTarget): Verdict {
  const { plans, title, rows = /mail-prox/, figure, atMost } = target;
  const values = tables
    .filter(({ plan }) => plans.includes(plan))
    .flatMap((table) => table.rows)
    .filter(({ row }) => rows.test(row))
    .map(({ figures }) => figures[figure] ?? null)
    .filter((value) => value !== null);
  const measured = values.length === 0 ? null : Math.max(...values);
  return {
    plan: plans.join(', '),
    target: `${title}: at most ${atMost}`,
    measured,
    isMet: measured === null ? null : measured <= atMost,
    digits: 2,
  };
}

function isPartOf(part: ResultTable['where'], whole: ResultTable['where']): boolean {
  return Object.entries(part).every(([name, value]) => whole[name] === value);
}

function figureOf(rows: readonly Row[], name: string, figure: FigureName): number | null {
  return rows.find(({ row }) => row === name)?.figures[figure] ?? null;
}
