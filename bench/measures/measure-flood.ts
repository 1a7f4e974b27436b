// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Row } from '../results/row.ts';
import type { Way } from '../ways/way.ts';
import type { Relay } from '../world/relay.ts';
import { deliver, warmUp } from './deliver.ts';
import type { Feeding } from './submission.ts';

export interface Flood {
  readonly count: number;
  /** Sent before the clock starts. */
  readonly warmUp: number;
  readonly connections: number;
  readonly openRelay: () => Promise<Relay>;
  readonly feeding?: Feeding;
}

/** Messages a second from the first submit to the last arrival, all submitted as fast as they are taken. */
export async function measureFlood(way: Way, { openRelay, ...flood }: Flood): Promise<Row> {
  await using relay = await openRelay();
  await using sender = await way.open(relay, flood);
  const feeding = flood.feeding ?? {};
  await warmUp({ sender, relay, prefix: 'warm-up', count: flood.warmUp, feeding });
  return { row: way.row, ...(await deliver({ sender, relay, prefix: 'mail', count: flood.count, feeding })) };
}
