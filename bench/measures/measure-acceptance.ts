// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { epochMs } from '../load/epoch.ts';
import type { Row } from '../results/row.ts';
import type { QueueWay } from '../ways/way.ts';
import type { Relay } from '../world/relay.ts';
import { warmUp } from './deliver.ts';
import { prepareSubmission } from './submission.ts';
import { usageFigures } from './usage-figures.ts';

export interface AcceptanceRun {
  readonly count: number;
  readonly warmUp: number;
  readonly batch: number;
  readonly clients: number;
  readonly openRelay: () => Promise<Relay>;
}

/** Nothing is sent while it is measured. */
const CONNECTIONS = 10;

/** Messages a second that a queue takes while it sends none. What it took is counted in the queue. */
export async function measureAcceptance(way: QueueWay, run: AcceptanceRun): Promise<Row> {
  const { count, batch, clients } = run;
  await using relay = await run.openRelay();
  await using sender = await way.open(relay, { connections: CONNECTIONS });
  const feeding = { batch, clients };
  await warmUp({ sender, relay, prefix: 'warm-up', count: run.warmUp, feeding });
  await sender.pause();
  const queuedBefore = await sender.queued();
  const submission = prepareSubmission(sender, { prefix: 'mail', count }, feeding);
  const before = await sender.usage();
  const startAt = epochMs();
  const acceptedAt = await submission.run();
  const after = await sender.usage();
  const queued = (await sender.queued()) - queuedBefore;
  const seconds = (acceptedAt - startAt) / 1_000;
  return {
    row: way.row,
    messages: count,
    missing: Math.max(0, count - queued),
    duplicates: Math.max(0, queued - count),
    figures: { messages_per_second: count / seconds, seconds, ...usageFigures([before, after], count) },
  };
}
