// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawnCountingSink, type Tally } from '@mail-proxy/testkit';

/** Where mail goes to, in a process of its own: it takes everything. */
export interface Relay extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Who has to log in, over TLS from the first byte. */
  readonly login?: { readonly user: string; readonly pass: string };
  /** Messages that it took so far. */
  taken(): Promise<number>;
  /** Resolves when it took as many in all. */
  waitFor(total: number): Promise<void>;
  /**
   * What became of the messages `PREFIX-1` to `PREFIX-COUNT`.
   * @param before what {@link taken} said when none of them had been submitted
   */
  tally(prefix: string, count: number, before: number): Promise<Tally>;
}

/** A relay that tells messages apart and knows when each of them came. */
export interface CountingRelay extends Relay {
  /** When each message came, by its id, in milliseconds since the epoch. */
  arrivals(): Promise<ReadonlyMap<string, number>>;
}

/** How long a relay is waited for in any case: see patience.ts. */
const WAIT_MS = 86_400_000;

/** The counting sink of the testkit. @param latencyMs by which each of its replies is late */
export async function openCountingRelay(latencyMs = 0): Promise<CountingRelay> {
  const sink = await spawnCountingSink({ latencyMs });
  return {
    host: sink.host,
    port: sink.port,
    taken: async () => (await sink.counts()).transactions,
    waitFor: (total) => sink.waitFor(total, { timeoutMs: WAIT_MS }),
    tally: (prefix, count) => sink.tally(prefix, count),
    async arrivals() {
      const messages = await sink.messages();
      return new Map(messages.map(({ mailId = '', receivedAt }) => [mailId, receivedAt]));
    },
    [Symbol.asyncDispose]: () => sink.stop(),
  };
}
