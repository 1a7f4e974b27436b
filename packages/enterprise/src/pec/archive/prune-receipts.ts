// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type PruneParts, pruneDaily } from '../../prune-daily.ts';
import { DEFAULT_SETTINGS } from '../settings/settings.store.ts';
import type { ReceiptStore } from './receipt.store.ts';

const DAY_MS = 86_400_000;
/** What proves nothing is kept for as long as somebody may ask why. */
export const REFUSED_DAYS = 90;
/** Receipts that go in one unit, each with its mail. */
const ROWS = 50;

export interface PruneReceiptsParts extends PruneParts {
  readonly receipts: Pick<ReceiptStore, 'keepDays' | 'removeRefused' | 'removeOf'>;
}

/** Remove receipts that are too old. */
export function pruneReceipts(parts: PruneReceiptsParts, signal: AbortSignal): Promise<void> {
  const pruning = {
    lease: 'prune-receipts',
    prune: () => prune(parts, signal),
    failure: 'old receipts could not be removed',
  };
  return pruneDaily(pruning, parts, signal);
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
