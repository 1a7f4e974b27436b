// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { DatabaseKind } from '../crash-matrix/cells.ts';

/** A span of milliseconds, from which one is drawn. */
export type Span = readonly [least: number, most: number];

/** What goes wrong while mail is on its way, so many times, with a pause before each. */
export interface Trouble {
  /**
   * - `kill`: SIGKILL of an instance, which is started again.
   * - `stop`: SIGTERM of an instance, which is started again once it has ended.
   * - `freeze`: SIGSTOP of an instance for `forMs`, then SIGCONT.
   * - `crash-database`: PostgreSQL ends as in a crash, and starts again.
   * - `cut-database`: all connections to PostgreSQL are cut.
   * - `lose-database`: PostgreSQL says nothing for `forMs`.
   * - `lock-database`: nobody else can write for `forMs`.
   * - `cut-relay`: all connections to the relay are cut.
   * - `lose-endpoint`: the endpoint of the reports answers 503 for `forMs`.
   */
  readonly kind: TroubleKind;
  readonly times: number;
  readonly everyMs: Span;
  /** How long it lasts, where it lasts. */
  readonly forMs?: Span;
}

export type TroubleKind =
  | 'kill'
  | 'stop'
  | 'freeze'
  | 'crash-database'
  | 'cut-database'
  | 'lose-database'
  | 'lock-database'
  | 'cut-relay'
  | 'lose-endpoint';

/** What the network between the server and the relay does all the time. */
export interface Network {
  /** Milliseconds by which what the relay says is late. @defaultValue 0 */
  readonly latencyMs?: number;
  /** Bytes at most in a piece, both ways. @defaultValue as they come */
  readonly sliceBytes?: number;
  /** Share of connections that are reset, each after up to `resetAfterBytes` from the client. @defaultValue 0 */
  readonly resetShare?: number;
  readonly resetAfterBytes?: number;
}

/** One way to torture servers, as data. */
export interface Scenario {
  readonly name: string;
  /** One line: what is done, and what has to hold. */
  readonly about: string;
  readonly databases: readonly DatabaseKind[];
  readonly instances: number;
  /** Those of them on which a test run has time for it. */
  readonly brief: readonly DatabaseKind[];
  /** Messages in the short form and in the long one. */
  readonly messages: Sizes;
  /** How often each trouble comes, in the long form as a multiple of that in the short one. */
  readonly longTimes: number | Readonly<Record<DatabaseKind, number>>;
  readonly policy: 'retry' | 'hold';
  /** By a client that posts batches, or each message by ten clients at once, some of which hear no answer. */
  readonly submit: 'batches' | 'races';
  /** Messages that may wait while more of them come for as long as things go wrong. */
  readonly backlog: number;
  /** Messages that the account may send within a minute; null sends all. */
  readonly perMinute: number | null;
  readonly troubles: readonly Trouble[];
  readonly network?: Network;
  /** Share of the calls of the report endpoint that fail; null has no endpoint. */
  readonly failingReports: number | null;
  readonly allowed: Allowed;
}

export interface Sizes {
  readonly short: number;
  readonly long: number;
}

/** What may be at the end, beyond nothing. */
export interface Allowed {
  /** Copies too many, each marked, for each trouble of these kinds; the sends at a time bound it. */
  readonly duplicatesPer: readonly TroubleKind[];
  /** Messages may wait for a decision (`hold`). */
  readonly inDoubt: boolean;
  /** Percent of the mail that each instance sends; null leaves it to them. */
  readonly share: readonly [least: number, most: number] | null;
}
