// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import { epochMs } from '../load/epoch.ts';
import { makeMail } from '../load/mail.ts';
import { inPatience } from '../load/patience.ts';
import type { Row } from '../results/row.ts';
import type { Way } from '../ways/way.ts';
import type { CountingRelay } from '../world/relay.ts';
import { warmUp } from './deliver.ts';
import { quantile } from './quantile.ts';
import { usageFigures } from './usage-figures.ts';

export interface LatencyRun {
  readonly perSecond: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly connections: number;
  readonly openRelay: () => Promise<CountingRelay>;
}

/** Single messages at a steady pace, whatever becomes of those before: from the submit to the last byte at the relay. */
export async function measureLatency(way: Way, { perSecond, seconds, openRelay, ...run }: LatencyRun): Promise<Row> {
  await using relay = await openRelay();
  await using sender = await way.open(relay, run);
  await warmUp({ sender, relay, prefix: 'warm-up', count: run.warmUp });
  const count = perSecond * seconds;
  const taken = await relay.taken();
  const reports = sender.expect?.('mail', count);
  const before = await sender.usage();
  const startAt = performance.now();
  const dueAt = new Map<string, number>();
  const submits: Promise<void>[] = [];
  for (let number = 1; number <= count; number++) {
    const due = ((number - 1) * 1_000) / perSecond;
    await sleep(Math.max(0, startAt + due - performance.now()));
    const id = `mail-${number}`;
    dueAt.set(id, epochMs());
    submits.push(sender.submit([makeMail(id, number)]));
  }
  await Promise.all(submits);
  await inPatience(Promise.all([relay.waitFor(taken + count), reports?.all]), way.row, count);
  const after = await sender.usage();

  const arrivals = await relay.arrivals();
  const { missing, duplicates } = await relay.tally('mail', count, taken);
  const latencies = [...dueAt].flatMap(([id, due]) => {
    const at = arrivals.get(id);
    return at === undefined ? [] : [at - due];
  });
  return {
    row: way.row,
    messages: count,
    missing,
    duplicates,
    figures: {
      p50_ms: quantile(latencies, 0.5),
      p99_ms: quantile(latencies, 0.99),
      most_ms: quantile(latencies, 1),
      ...usageFigures([before, after], count),
    },
  };
}
