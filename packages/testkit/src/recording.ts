// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Below the limit of 60 s for a test, so that the reason is seen instead of a bare time-out. */
const DEFAULT_WAIT_MS = 40_000;

export interface WaitOptions {
  /**
   * Milliseconds after which the wait rejects.
   * @defaultValue 20000
   */
  readonly timeoutMs?: number;
}

interface Waiter {
  /** Settle if what is waited for is there; true when settled. */
  check(): boolean;
  fail(reason: Error): void;
}

/**
 * Keep what a server of a test has seen, in the order it came, and let the test wait for more.
 * A waiter is settled in the turn in which the item is added: nothing is polled.
 */
export class Recording<T> {
  readonly #noun: string;
  readonly #items: T[] = [];
  readonly #waiters = new Set<Waiter>();
  #closed = false;

  /** Name one item as the error of a vain wait shall call it: `message`, `report`. */
  constructor(noun: string) {
    this.#noun = noun;
  }

  /** What was seen so far. It grows; copy it to keep a moment. */
  get items(): readonly T[] {
    return this.#items;
  }

  add(item: T): void {
    this.#items.push(item);
    for (const waiter of this.#waiters) if (waiter.check()) this.#waiters.delete(waiter);
  }

  /** Wait until there are at least `count` items; gives all there are. */
  waitFor(count: number, options?: WaitOptions): Promise<readonly T[]>;
  /** Wait for the first item that matches, one that is already there too. */
  waitFor(matches: (item: T) => boolean, options?: WaitOptions): Promise<T>;
  waitFor(wanted: number | ((item: T) => boolean), options: WaitOptions = {}): Promise<readonly T[] | T> {
    if (typeof wanted === 'number') {
      const enough = (): readonly T[] | undefined => (this.#items.length >= wanted ? [...this.#items] : undefined);
      return this.#wait(enough, `${wanted} of them`, options);
    }
    let looked = 0;
    const first = (): { readonly item: T } | undefined => {
      for (const item of this.#items.slice(looked)) {
        looked += 1;
        if (wanted(item)) return { item };
      }
      return undefined;
    };
    return this.#wait(first, 'one that matches', options).then(({ item }) => item);
  }

  /** Reject the waits that are under way, and all later ones that are not fulfilled already. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.fail(this.#vain('closed while waiting'));
    this.#waiters.clear();
  }

  #wait<R>(find: () => R | undefined, wish: string, { timeoutMs = DEFAULT_WAIT_MS }: WaitOptions): Promise<R> {
    return new Promise((resolve, reject) => {
      const found = find();
      if (found !== undefined) return resolve(found);
      if (this.#closed) return reject(this.#vain(`closed, waiting for ${wish}`));
      const waiter: Waiter = {
        check() {
          const result = find();
          if (result === undefined) return false;
          clearTimeout(timer);
          resolve(result);
          return true;
        },
        fail(reason) {
          clearTimeout(timer);
          reject(reason);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(this.#vain(`${timeoutMs} ms passed, waiting for ${wish}`));
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  #vain(reason: string): Error {
    return new Error(`${this.#noun}: ${reason}; ${this.#items.length} so far`);
  }
}
