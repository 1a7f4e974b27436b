// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CountingSinkProcess } from '@mail-proxy/testkit';
import { countArrivals } from '../smoke/arrivals.ts';
import type { BenchMail } from '../smoke/mail.ts';
import type { Row } from '../smoke/row.ts';

export interface Sending {
  readonly row: string;
  readonly mails: readonly BenchMail[];
  /** Milliseconds since the epoch. */
  readonly startAt: number;
  /** Of the process that sends, for all mails. */
  readonly cpuMs: number;
}

/** The row of a way of sending that stores nothing: all its mails were handed over by now. */
export async function baselineRow(sink: CountingSinkProcess, { row, mails, startAt, cpuMs }: Sending): Promise<Row> {
  const { missing, duplicates, lastAt } = await countArrivals(sink, mails);
  const seconds = (lastAt - startAt) / 1_000;
  return {
    row,
    messages: mails.length,
    missing,
    duplicates,
    seconds,
    messages_per_second: (mails.length - missing) / seconds,
    seconds_to_last_accept: null,
    seconds_to_last_report: null,
    cpu_ms_per_message: cpuMs / mails.length,
    commits_per_message: null,
    units_per_message: null,
  };
}
