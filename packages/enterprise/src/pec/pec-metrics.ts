// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MixinMetric } from '@mail-proxy/core';
import type { PecReceiptsTable } from './receipts.table.ts';
import type { AwaitedStore } from './waiting/awaited.store.ts';

export type TimeoutStage = 'acceptance' | 'delivery_notice' | 'delivery';

/** What came and what did not, since this process began. */
export class PecCounts {
  readonly #receipts = new Map<string, number>();
  readonly #timeouts = new Map<TimeoutStage, number>();

  received(receipt: Pick<PecReceiptsTable, 'type' | 'state' | 'is_verified'>, isRepeated: boolean): void {
    const key = JSON.stringify([receipt.type ?? 'none', isRepeated ? 'repeated' : verdictOf(receipt)]);
    this.#receipts.set(key, (this.#receipts.get(key) ?? 0) + 1);
  }

  timedOut(stage: TimeoutStage): void {
    this.#timeouts.set(stage, (this.#timeouts.get(stage) ?? 0) + 1);
  }

  metricsWith(awaited: Pick<AwaitedStore, 'counts'>): readonly MixinMetric[] {
    return [
      {
        name: 'gmp_pec_receipts_total',
        help: 'Receipts of certified mail read by this process, by type and by what was made of them',
        kind: 'counter',
        labels: ['type', 'verdict'],
        read: () =>
          [...this.#receipts].map(([key, value]) => {
            const [type, verdict] = JSON.parse(key) as [string, string];
            return { labels: { type, verdict }, value };
          }),
      },
      {
        name: 'gmp_pec_timeouts_total',
        help: 'Receipts that did not come in time, as told by this process, by what was awaited',
        kind: 'counter',
        labels: ['stage'],
        read: () => [...this.#timeouts].map(([stage, value]) => ({ labels: { stage }, value })),
      },
      {
        name: 'gmp_pec_awaited',
        help: 'Acceptances and deliveries of certified mail that are awaited now, by all instances',
        kind: 'gauge',
        labels: ['what'],
        async read() {
          const { acceptances, deliveries } = await awaited.counts();
          return [
            { labels: { what: 'acceptance' }, value: acceptances },
            { labels: { what: 'delivery' }, value: deliveries },
          ];
        },
      },
    ];
  }
}

function verdictOf({ state, is_verified }: Pick<PecReceiptsTable, 'state' | 'is_verified'>): string {
  if (state !== 'matched') return state;
  return is_verified === 1 ? 'verified' : 'unverified';
}
