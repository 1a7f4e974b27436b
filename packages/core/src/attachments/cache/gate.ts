// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Lets work pass side by side, and one at a time run alone, with nothing beside it. */
export class Gate {
  readonly #passing = new Set<Promise<unknown>>();
  #alone: Promise<void> | null = null;

  async pass<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone !== null) await this.#alone;
    const passing = work();
    this.#passing.add(passing);
    try {
      return await passing;
    } finally {
      this.#passing.delete(passing);
    }
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone !== null) await this.#alone;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#alone = promise;
    try {
      await Promise.allSettled(this.#passing);
      return await work();
    } finally {
      this.#alone = null;
      resolve();
    }
  }
}
