// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type PruneParts, pruneDaily } from '../prune-daily.ts';
import type { UnmatchedStore } from './unmatched.store.ts';

export interface PruneUnmatchedParts extends PruneParts {
  readonly unmatched: Pick<UnmatchedStore, 'prune'>;
}

/** Remove what is too old, so that a tenant to whom no more comes keeps no addresses. */
export function pruneUnmatched(parts: PruneUnmatchedParts, signal: AbortSignal): Promise<void> {
  const pruning = {
    lease: 'prune-unmatched',
    prune: () => parts.unmatched.prune(),
    failure: 'old bounces without a message could not be removed',
  };
  return pruneDaily(pruning, parts, signal);
}
