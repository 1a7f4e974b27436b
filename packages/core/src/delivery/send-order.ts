// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { Deadline } from '../smtp/deadline.ts';
import { TransientMap, TransientSet } from '../transient.ts';

/** The place of an attempt among those of its lane. */
export interface Place {
  /** Resolves once all that began before have asked for a connection, or will not ask; soon in any case. */
  reached(clock: Pick<Clock, 'after' | 'monotonic'>): Promise<void>;
  /** Those behind may go on. Only the first call counts. */
  pass(): void;
}

/** A hook that hangs, or a read that is slow, holds those behind it up for no longer. */
const PATIENCE_MS = 1_000;

interface Waiting {
  /** On the monotonic clock. */
  readonly until: number;
  readonly go: () => void;
}

/**
 * Lets attempts ask for a connection in the order in which they began, however long the database takes to load which: so
 * messages of one account and level are first sent in the order of acceptance.
 */
export class SendOrder {
  /** Those that did not pass, in the order in which they began. */
  readonly #line = new TransientSet<Place>();
  /** Of those, the ones that wait, in the order in which their patience ends. */
  readonly #waiting = new TransientMap<Place, Waiting>();
  #patience: Deadline | null = null;

  next(): Place {
    const place: Place = {
      reached: (clock) => this.#reached(place, clock),
      pass: () => this.#pass(place),
    };
    this.#line.add(place);
    return place;
  }

  async #reached(place: Place, clock: Pick<Clock, 'after' | 'monotonic'>): Promise<void> {
    if (this.#first === place) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#patience ??= new Deadline(clock, () => this.#endPatience(clock));
    if (this.#waiting.size === 0) this.#patience.set(PATIENCE_MS);
    this.#waiting.set(place, { until: clock.monotonic() + PATIENCE_MS, go: resolve });
    await promise;
  }

  #pass(place: Place): void {
    this.#line.delete(place);
    this.#go(place);
    if (this.#first !== undefined) this.#go(this.#first);
  }

  get #first(): Place | undefined {
    const [first] = this.#line.values();
    return first;
  }

  #go(place: Place): void {
    const waiting = this.#waiting.get(place);
    if (waiting === undefined) return;
    this.#waiting.delete(place);
    if (this.#waiting.size === 0) this.#patience?.clear();
    waiting.go();
  }

  #endPatience(clock: Pick<Clock, 'monotonic'>): void {
    const now = clock.monotonic();
    for (const [place, { until }] of this.#waiting.entries()) {
      if (until > now) {
        this.#patience?.setAt(until, now);
        return;
      }
      this.#go(place);
    }
  }
}
