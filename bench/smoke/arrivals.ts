// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CountingSinkProcess } from '@mail-proxy/testkit';
import type { BenchMail } from './mail.ts';

export interface Arrivals {
  readonly missing: number;
  readonly duplicates: number;
  /** Milliseconds since the epoch, to be compared with {@link epochMs}; 0 when nothing arrived. */
  readonly lastAt: number;
}

/** Count which of `mails` are at the sink, known by the header X-Genro-Mail-ID. */
export async function countArrivals(sink: CountingSinkProcess, mails: readonly BenchMail[]): Promise<Arrivals> {
  const missing = new Set(mails.map(({ id }) => id));
  const arrived = new Set<string>();
  let duplicates = 0;
  let lastAt = 0;
  for (const { mailId = '', receivedAt } of await sink.messages()) {
    if (arrived.has(mailId)) duplicates += 1;
    if (!missing.delete(mailId)) continue;
    arrived.add(mailId);
    lastAt = Math.max(lastAt, receivedAt);
  }
  return { missing: missing.size, duplicates, lastAt };
}

/** Wall time with fractions, the clock of the sink's `receivedAt` in its own process. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
