// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Leases } from '../mixin/contract.ts';
import type { LeaseStore } from '../queue/leases.ts';

export interface LeasesParts {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Whether no other process can have the database open: then each other session is dead, however fresh its heartbeat. */
  readonly isExclusive: boolean;
  /** The engine's session now; 0 while it has none. */
  readonly session: () => number;
}

/** The rights that a mixin takes, as the engine's session. */
export function createLeases(mixin: string, { store, clock, leaseMs, isExclusive, session }: LeasesParts): Leases {
  const nameOf = (name: string): string => `${mixin}:${name}`;
  const aliveSince = (): number => (isExclusive ? Number.MAX_SAFE_INTEGER : clock.now() - leaseMs);
  return {
    take: (name) => store.take(nameOf(name), { session: session(), aliveSince: aliveSince() }),
    release: (name) => store.release(nameOf(name), session()),
  };
}
