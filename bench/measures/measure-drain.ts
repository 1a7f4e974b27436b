// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Row } from '../results/row.ts';
import type { QueueWay } from '../ways/way.ts';
import type { Relay } from '../world/relay.ts';
import { expectArrivals, warmUp } from './deliver.ts';
import { prepareSubmission } from './submission.ts';

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
  const arrivals = await expectArrivals({ sender, relay, prefix: 'mail', count });
  await prepareSubmission(sender, { prefix: 'mail', count }, { batch: BATCH }).run();
  const { row } = await arrivals.from(() => sender.resume());
  return { row: way.row, ...row };
}
