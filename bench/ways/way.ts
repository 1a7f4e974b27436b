// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { BenchMail } from '../load/mail.ts';
import type { ExpectedReports } from '../load/report-counter.ts';
import type { Relay } from '../world/relay.ts';

/** A way of sending mail. */
export interface Way {
  /** What it is called in every table. */
  readonly row: string;
  /** Start all that it needs; no message is sent yet. */
  open(relay: Relay, options: OpenOptions): Promise<Sender>;
}

export interface OpenOptions {
  /** To the relay, at most. */
  readonly connections: number;
}

/** What takes mail and sends it to the relay. */
export interface Sender extends AsyncDisposable {
  /** Whether it runs in the process of the bench, where it takes all mail at once. Else there are servers that take batches. */
  readonly isInProcess: boolean;
  /** The processes of the servers. */
  readonly pids: readonly number[];
  /** Hand over mails in one request. A server answers once it has them; in the process they are sent by then. */
  submit(mails: readonly BenchMail[]): Promise<void>;
  /** What it took since it started. The delay of the event loop is that since the last call. */
  usage(): Promise<Usage>;
  /** Wait for what it says of the ends of numbered messages, where it does. To be called before they are submitted. */
  expect?(prefix: string, count: number): ExpectedReports;
}

/** A sender with a queue. */
export interface QueueSender extends Sender {
  /** Go on taking mail but send none. Resolves when nothing is under way. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** How many messages wait. */
  queued(): Promise<number>;
}

export interface QueueWay extends Way {
  open(relay: Relay, options: OpenOptions): Promise<QueueSender>;
}

/** Null where it can't be known. */
export interface Usage {
  /** Of the process that sends, all its threads. What a database server takes is not in it. */
  readonly cpuMs: number;
  /** Transactions that the database committed. */
  readonly commits: number | null;
  /** Units of work, each atomic, that shared those transactions. */
  readonly units: number | null;
  readonly eventLoopP999Ms: number | null;
  /** Resident memory of processes of its own, the most that it ever was. */
  readonly rssPeakMib: number | null;
}
