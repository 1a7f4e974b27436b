// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A place for one connection. */
export interface Slot extends Disposable {
  /** Resolves when somebody else needs a place: a connection that only waits for mail gives its own up. */
  readonly wanted: Promise<void>;
}

interface Held {
  readonly ask: () => void;
  isAsked: boolean;
}

/** So many connections at a time, given out in the order in which they were asked for. */
export class ConnectionSlots {
  readonly #max: number;
  readonly #held = new Set<Held>();
  readonly #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Connections that are in use. */
  get used(): number {
    return this.#held.size;
  }

  /** Wait for a place; null when `signal` aborts first. */
  async take(signal: AbortSignal): Promise<Slot | null> {
    while (this.#held.size >= this.#max && !signal.aborted) {
      this.#askOne();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      const onAbort = (): void => resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      await promise;
      signal.removeEventListener('abort', onAbort);
    }
    if (signal.aborted) {
      this.#next();
      return null;
    }
    const { promise: wanted, resolve: ask } = Promise.withResolvers<void>();
    const held: Held = { ask, isAsked: false };
    this.#held.add(held);
    return {
      wanted,
      [Symbol.dispose]: () => {
        if (this.#held.delete(held)) this.#next();
      },
    };
  }

  /** The one that has its place for the longest time. */
  #askOne(): void {
    for (const held of this.#held) {
      if (held.isAsked) continue;
      held.isAsked = true;
      held.ask();
      return;
    }
  }

  #next(): void {
    this.#waiting.shift()?.();
  }
}
