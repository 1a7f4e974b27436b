// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Leases, Log } from '@mail-proxy/core';
import { DEFAULT_SETTINGS } from '../settings/settings.store.ts';
import type { ReceiptStore } from './receipt.store.ts';

const DAY_MS = 86_400_000;
export const PRUNE_EVERY_MS = DAY_MS;
/** After a failure, and while another instance does it, which may end. */
const LOOK_AGAIN_MS = 3_600_000;
/** What proves nothing is kept for as long as somebody may ask why. */
export const REFUSED_DAYS = 90;
/** Receipts that go in one unit, each with its mail. */
const ROWS = 50;

export interface PruneReceiptsParts {
  readonly receipts: Pick<ReceiptStore, 'keepDays' | 'removeRefused' | 'removeOf'>;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly log: Log;
}

/** Remove what is too old once a day, by one of all instances. */
export async function pruneReceipts(parts: PruneReceiptsParts, signal: AbortSignal): Promise<void> {
  const { leases, clock, log } = parts;
  while (!signal.aborted) {
    let waitMs = LOOK_AGAIN_MS;
    try {
      if (await leases.take('prune-receipts')) {
        await prune(parts, signal);
        waitMs = PRUNE_EVERY_MS;
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'old receipts could not be removed');
    }
    await clock.sleep(waitMs, signal);
  }
}

async function prune({ receipts, clock }: PruneReceiptsParts, signal: AbortSignal): Promise<void> {
  const now = clock.now();
  const all = async (remove: (limit: number) => Promise<number>): Promise<void> => {
    while (!signal.aborted && (await remove(ROWS)) === ROWS);
  };
  await all((limit) => receipts.removeRefused(now - REFUSED_DAYS * DAY_MS, limit));
  const nobody = { tenant_id: null, keep_days: null };
  for (const { tenant_id, keep_days } of [...(await receipts.keepDays()), nobody]) {
    const before = now - (keep_days ?? DEFAULT_SETTINGS.keepDays) * DAY_MS;
    await all((limit) => receipts.removeOf(tenant_id, before, limit));
  }
}
