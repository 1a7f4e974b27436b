// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Leases, Log } from '@mail-proxy/core';
import type { UnmatchedStore } from './unmatched.store.ts';

export const PRUNE_EVERY_MS = 86_400_000;
/** After a failure, and while another instance does it, which may end. */
const LOOK_AGAIN_MS = 3_600_000;

export interface PruneUnmatchedParts {
  readonly unmatched: Pick<UnmatchedStore, 'prune'>;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly log: Log;
}

/** Remove what is too old once a day, by one of all instances: a tenant to whom no more comes keeps no addresses. */
export async function pruneUnmatched(parts: PruneUnmatchedParts, signal: AbortSignal): Promise<void> {
  const { unmatched, leases, clock, log } = parts;
  while (!signal.aborted) {
    let waitMs = LOOK_AGAIN_MS;
    try {
      if (await leases.take('prune-unmatched')) {
        await unmatched.prune();
        waitMs = PRUNE_EVERY_MS;
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'old bounces without a message could not be removed');
    }
    await clock.sleep(waitMs, signal);
  }
}
