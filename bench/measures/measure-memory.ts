// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setInterval as ticks } from 'node:timers/promises';
import type { Row } from '../results/row.ts';
import { memoryOf } from '../ways/memory-of.ts';
import type { Way } from '../ways/way.ts';
import type { Relay } from '../world/relay.ts';
import { deliver, warmUp } from './deliver.ts';

export interface MemoryRun {
  readonly count: number;
  readonly warmUp: number;
  readonly connections: number;
  readonly openRelay: () => Promise<Relay>;
}

const LOOK_EVERY_MS = 100;

/** Resident memory of a server while many messages pass: at rest, after a tenth of them, at the end, and the most. */
export async function measureMemory(way: Way, { openRelay, ...run }: MemoryRun): Promise<Row> {
  const { count } = run;
  await using relay = await openRelay();
  await using sender = await way.open(relay, run);
  await warmUp({ sender, relay, prefix: 'warm-up', count: run.warmUp });
  const rssNow = (): number => sender.pids.reduce((sum, pid) => sum + (memoryOf(pid).rss ?? Number.NaN), 0);
  const rss_at_rest_mib = rssNow();
  const passedBefore = await relay.taken();
  const over = new AbortController();
  const tenth = rssWhen(rssNow, async () => (await relay.taken()) - passedBefore >= count / 10, over.signal);
  const row = await deliver({ sender, relay, prefix: 'mail', count });
  over.abort();
  const rss_tenth_mib = await tenth;
  const rss_end_mib = rssNow();
  return { row: way.row, ...row, figures: { ...row.figures, rss_at_rest_mib, rss_tenth_mib, rss_end_mib } };
}

/** Null when it never is, in the time that there is. */
async function rssWhen(
  rssNow: () => number,
  isTime: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<number | null> {
  for await (const _ of ticks(LOOK_EVERY_MS)) {
    if (signal.aborted) return null;
    if (await isTime()) return rssNow();
  }
  return null;
}
