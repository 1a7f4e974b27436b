// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Leases, Log } from '@mail-proxy/core';

export const PRUNE_EVERY_MS = 86_400_000;
/** After a failure, and while another instance does it, which may end. */
const LOOK_AGAIN_MS = 3_600_000;

export interface PruneParts {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Pruning {
  /** Of the right to do it, which one of all instances has. */
  readonly lease: string;
  readonly prune: () => Promise<unknown>;
  /** Said in the log where it failed. */
  readonly failure: string;
}

/** Remove what is too old once a day, by one of all instances. */
export function pruneDaily(pruning: Pruning, parts: PruneParts, signal: AbortSignal): Promise<void> {
  return pruneRegularly({ ...pruning, everyMs: PRUNE_EVERY_MS }, parts, signal);
}

/** The same, as often as is wanted. */
export async function pruneRegularly(
  { lease, prune, failure, everyMs }: Pruning & { readonly everyMs: number },
  { leases, clock, log }: PruneParts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let waitMs = LOOK_AGAIN_MS;
    try {
      if (await leases.take(lease)) {
        await prune();
        waitMs = everyMs;
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, failure);
    }
    await clock.sleep(waitMs, signal);
  }
}
