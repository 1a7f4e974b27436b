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
  readonly receipts: Pick<ReceiptStore, 'prune'>;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly log: Log;
}

/** Remove what is too old once a day, by one of all instances. */
export async function pruneReceipts(parts: PruneReceiptsParts, signal: AbortSignal): Promise<void> {
  const { receipts, leases, clock, log } = parts;
  while (!signal.aborted) {
    let waitMs = LOOK_AGAIN_MS;
    try {
      if (await leases.take('prune-receipts')) {
        const old = {
          defaultKeepMs: DEFAULT_SETTINGS.keepDays * DAY_MS,
          refusedMs: REFUSED_DAYS * DAY_MS,
          limit: ROWS,
        };
        while (!signal.aborted && (await receipts.prune({ ...old, now: clock.now() })) === ROWS);
        waitMs = PRUNE_EVERY_MS;
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'old receipts could not be removed');
    }
    await clock.sleep(waitMs, signal);
  }
}
