// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Gauge, type Registry } from 'prom-client';
import { askedTogether } from './asked-together.ts';
import { setOrOmit } from './set-or-omit.ts';

/** What stands still, over all instances. */
export interface Standing {
  /** When the longest waiting of the messages that are next in their lanes was due, or of the deferred ones. */
  readonly oldestDueAt: number | null;
  /** After failures. */
  readonly pausedAccounts: number;
  readonly accountsPausedByHand: number;
  readonly suspendedTenants: number;
  readonly isPaused: boolean;
}

/** What lanes of an instance do: they send, wait for their turn, or are kept from sending by what is named. */
export const LANE_STATES = [
  'sending',
  'waiting',
  'rate_limited',
  'account_paused',
  'tenant_suspended',
  'instance_paused',
] as const;

export type LaneState = (typeof LANE_STATES)[number];

const CONNECTION_STATES = ['busy', 'idle', 'opening', 'closing'] as const;

type Connections = Readonly<Record<(typeof CONNECTION_STATES)[number], number>>;

/** What stands still, and what moves. */
export interface StopSources {
  /** Null where the database cannot be asked: then there are no such samples. */
  readonly standing: () => Promise<Standing | null>;
  readonly lanes: () => Readonly<Record<LaneState, number>>;
  /** Of each part of the connections. */
  readonly connections: () => Iterable<Connections>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Show what keeps mail from moving: counts by state, so that there are few series however many lanes there are. */
export function createStopMetrics(registry: Registry, sources: StopSources): void {
  const registers = [registry];
  const standing = askedTogether(sources.standing);
  const gauge = (name: string, help: string, pick: (standing: Standing) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        setOrOmit(this, await standing(), pick);
      },
    });
  };
  gauge(
    'gmp_oldest_due_seconds',
    'How long the message that is due the longest waits, of those next in their lanes',
    (s) => (s.oldestDueAt === null ? 0 : Math.max(0, sources.now() - s.oldestDueAt) / 1_000),
  );
  gauge('gmp_accounts_paused', 'Accounts that rest since their relay refused us', (s) => s.pausedAccounts);
  gauge('gmp_accounts_paused_by_hand', 'Accounts that somebody paused', (s) => s.accountsPausedByHand);
  gauge('gmp_tenants_suspended', 'Tenants whose sending is suspended', (s) => s.suspendedTenants);
  gauge('gmp_instance_paused', '1 while the operator has stopped all sending', (s) => (s.isPaused ? 1 : 0));
  const byState = <State extends string>(
    settings: { readonly name: string; readonly help: string; readonly states: readonly State[] },
    read: () => Readonly<Record<State, number>>,
  ): void => {
    new Gauge({
      name: settings.name,
      help: settings.help,
      labelNames: ['state'],
      registers,
      collect() {
        const counts = read();
        for (const state of settings.states) this.set({ state }, counts[state]);
      },
    });
  };
  byState(
    {
      name: 'gmp_lanes',
      help: 'Accounts with mail in the hands of this instance, by what they do',
      states: LANE_STATES,
    },
    sources.lanes,
  );
  byState({ name: 'gmp_connections', help: 'Connections to relays, by what they do', states: CONNECTION_STATES }, () =>
    sumOf(sources.connections()),
  );
}

function sumOf(parts: Iterable<Connections>): Connections {
  const sum = { busy: 0, idle: 0, opening: 0, closing: 0 };
  for (const part of parts) for (const state of CONNECTION_STATES) sum[state] += part[state];
  return sum;
}
