// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What is measured, in the order of the columns: title, and decimals in tables. */
export const FIGURES = {
  messages_per_second: ['messages/s', 0],
  seconds: ['seconds', 2],
  p50_ms: ['p50 ms', 1],
  p99_ms: ['p99 ms', 1],
  most_ms: ['most ms', 1],
  accept_p50_ms: ['accepted p50 ms', 1],
  start_seconds: ['start s', 2],
  seconds_to_last_accept: ['to last accept s', 2],
  seconds_to_last_report: ['to last report s', 2],
  report_lag_seconds: ['report lag s', 2],
  cpu_ms_per_message: ['CPU ms/message', 3],
  commits_per_message: ['commits/message', 3],
  units_per_message: ['units/message', 2],
  event_loop_p999_ms: ['loop p99.9 ms', 1],
  rss_at_rest_mib: ['RSS at rest MiB', 0],
  rss_tenth_mib: ['RSS after a tenth MiB', 0],
  rss_end_mib: ['RSS at the end MiB', 0],
  rss_peak_mib: ['RSS peak MiB', 0],
} as const satisfies Readonly<Record<string, readonly [title: string, digits: number]>>;

export type FigureName = keyof typeof FIGURES;

/** Null: cannot be known of it. Left out: was not asked. */
export type Figures = Readonly<Partial<Record<FigureName, number | null>>>;

/** What one way of sending came to, once. */
export interface Row {
  readonly row: string;
  readonly messages: number;
  /** Messages that never arrived where they had to. */
  readonly missing: number;
  /** Arrivals of a message that had arrived already. */
  readonly duplicates: number;
  readonly figures: Figures;
}

/** What several runs came to, beside the baseline. */
export interface ComparedRow extends Row {
  /** How many times the compared figure of the baseline: 1 for the baseline itself, null where there is none. */
  readonly ratio: number | null;
  /** Of the compared figure: how far the best and the worst run lie apart, as a part of the median. */
  readonly spread: number | null;
}

/** One table: rows that were measured under the same circumstances, in interleaved rounds. */
export interface ResultTable {
  readonly plan: string;
  /** What distinguishes the table from others of the plan. */
  readonly where: Readonly<Record<string, string | number>>;
  readonly compared: FigureName;
  readonly rounds: number;
  readonly rows: readonly ComparedRow[];
}
