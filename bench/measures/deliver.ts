// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { epochMs } from '../load/epoch.ts';
import { inPatience } from '../load/patience.ts';
import type { Row } from '../results/row.ts';
import type { Sender } from '../ways/way.ts';
import type { Relay } from '../world/relay.ts';
import { type Feeding, prepareSubmission } from './submission.ts';
import { usageFigures } from './usage-figures.ts';

/** Numbered messages on their way through a sender to a relay. */
export interface Delivery {
  readonly sender: Sender;
  readonly relay: Relay;
  readonly prefix: string;
  readonly count: number;
  readonly feeding?: Feeding;
}

/** Send messages that nobody looks at, so that code is compiled and connections are open. */
export async function warmUp(delivery: Delivery): Promise<void> {
  if (delivery.count > 0) await deliver(delivery);
}

/** Submit messages and wait until they are at the relay, and until their ends are known where the sender tells them. */
export async function deliver(delivery: Delivery): Promise<Omit<Row, 'row'>> {
  const { sender, prefix, count, feeding } = delivery;
  const arrivals = await expectArrivals(delivery);
  const submission = prepareSubmission(sender, { prefix, count }, feeding);
  const { startAt, started: acceptedAt, row } = await arrivals.from(() => submission.run());
  const seconds_to_last_accept = sender.isInProcess ? null : (acceptedAt - startAt) / 1_000;
  return { ...row, figures: { ...row.figures, seconds_to_last_accept } };
}

/** Messages that are not submitted yet. `from` begins to send them, and measures until all have arrived and ended. */
export async function expectArrivals({ sender, relay, prefix, count }: Omit<Delivery, 'feeding'>) {
  const taken = await relay.taken();
  const reports = sender.expect?.(prefix, count);
  return {
    async from<Started>(start: () => Promise<Started>) {
      const before = await sender.usage();
      const startAt = epochMs();
      const started = await start();
      await inPatience(Promise.all([relay.waitFor(taken + count), reports?.all]), prefix, count);
      const after = await sender.usage();

      const { missing, duplicates, lastAt } = await relay.tally(prefix, count, taken);
      const seconds = ((lastAt ?? Number.NaN) - startAt) / 1_000;
      const reportedAt = reports?.lastAt ?? null;
      const row = {
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
      return { startAt, started, row };
    },
  };
}
