// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Attempts that could not reach a host, in a row, after which it counts as failing. */
const FAILING_AFTER = 3;
/** A failing host may use this part of the slots, however many accounts lead to it. */
const SHARE_OF_FAILING = 1 / 5;
/** Hosts that work and have nothing running are forgotten beyond this many. */
const MAX_KNOWN = 10_000;

interface HostHealth {
  running: number;
  failures: number;
  /** Monotonic milliseconds: the last attempt that ended, or the first of those running began. */
  progressAt: number;
}

/**
 * What runs against each host and port, and which of them fail. Several accounts may lead to one relay: when it is
 * dead, they share what one failing host may hold.
 */
export class Hosts {
  readonly #hosts = new Map<string, HostHealth>();

  /** How many more may start; a host that works has no bound of its own. */
  room(host: string, { maxSends, stalledSince }: { readonly maxSends: number; readonly stalledSince: number }): number {
    const health = this.#hosts.get(host);
    if (health === undefined) return Number.POSITIVE_INFINITY;
    const isFailing = health.failures >= FAILING_AFTER || (health.running > 0 && health.progressAt < stalledSince);
    if (!isFailing) return Number.POSITIVE_INFINITY;
    return Math.max(1, Math.floor(maxSends * SHARE_OF_FAILING)) - health.running;
  }

  /** Whether one more may start. */
  mayStart(host: string, limits: { readonly maxSends: number; readonly stalledSince: number }): boolean {
    return this.room(host, limits) > 0;
  }

  begin(host: string, monotonicMs: number): void {
    let health = this.#hosts.get(host);
    if (health === undefined) {
      this.#forgetOne();
      health = { running: 0, failures: 0, progressAt: monotonicMs };
      this.#hosts.set(host, health);
    }
    if (health.running === 0) health.progressAt = monotonicMs;
    health.running += 1;
  }

  end(host: string, monotonicMs: number): void {
    const health = this.#hosts.get(host);
    if (health === undefined) return;
    health.running -= 1;
    health.progressAt = monotonicMs;
  }

  /** An attempt reached the relay. */
  reached(host: string): void {
    const health = this.#hosts.get(host);
    if (health !== undefined) health.failures = 0;
  }

  /** An attempt failed for the way to the relay. */
  failed(host: string): void {
    const health = this.#hosts.get(host);
    if (health !== undefined) health.failures += 1;
  }

  #forgetOne(): void {
    if (this.#hosts.size < MAX_KNOWN) return;
    for (const [host, { running }] of this.#hosts) {
      if (running > 0) continue;
      this.#hosts.delete(host);
      return;
    }
  }
}
