// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { epochMs } from '../load/epoch.ts';
import { inPatience } from '../load/patience.ts';
import type { Row } from '../results/row.ts';
import type { QueueWay } from '../ways/way.ts';
import type { Relay } from '../world/relay.ts';
import { warmUp } from './deliver.ts';
import { prepareSubmission } from './submission.ts';
import { usageFigures } from './usage-figures.ts';

export interface DrainRun {
  readonly count: number;
  readonly warmUp: number;
  readonly connections: number;
  readonly openRelay: () => Promise<Relay>;
}

/** The largest batch that mail-proxy takes. */
const BATCH = 1_000;

/** Messages a second out of a queue that was filled before, while nothing comes in. */
export async function measureDrain(way: QueueWay, { openRelay, ...run }: DrainRun): Promise<Row> {
  const { count } = run;
  await using relay = await openRelay();
  await using sender = await way.open(relay, run);
  await warmUp({ sender, relay, prefix: 'warm-up', count: run.warmUp });
  await sender.pause();
  const taken = await relay.taken();
  const reports = sender.expect?.('mail', count);
  await prepareSubmission(sender, { prefix: 'mail', count }, { batch: BATCH }).run();
  const before = await sender.usage();
  const startAt = epochMs();
  await sender.resume();
  await inPatience(Promise.all([relay.waitFor(taken + count), reports?.all]), way.row, count);
  const after = await sender.usage();

  const { missing, duplicates, lastAt } = await relay.tally('mail', count, taken);
  const seconds = ((lastAt ?? Number.NaN) - startAt) / 1_000;
  const reportedAt = reports?.lastAt ?? null;
  return {
    row: way.row,
    messages: count,
    missing: Math.max(missing, reports?.missing ?? 0),
    duplicates,
    figures: {
      messages_per_second: (count - missing) / seconds,
      seconds,
      report_lag_seconds: reportedAt === null || lastAt === null ? null : (reportedAt - lastAt) / 1_000,
      ...usageFigures([before, after], count),
    },
  };
}
