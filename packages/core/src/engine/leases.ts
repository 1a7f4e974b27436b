// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Leases } from '../mixin/contract.ts';
import type { LeaseStore } from '../queue/leases.ts';

export interface LeasesParts {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** The engine's session now; 0 while it has none. */
  readonly session: () => number;
}

/** The rights that a mixin takes, as the engine's session. */
export function createLeases(mixin: string, { store, clock, leaseMs, session }: LeasesParts): Leases {
  const nameOf = (name: string): string => `${mixin}:${name}`;
  return {
    take: (name) => store.take(nameOf(name), { session: session(), aliveSince: clock.now() - leaseMs }),
    release: (name) => store.release(nameOf(name), session()),
  };
}
