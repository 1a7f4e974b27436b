// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Who wants to be told, by its key, of each thing that this process changes. */
export class ChangeListeners {
  readonly #listeners = new Set<(key: string) => void>();

  /** Disposing ends it. */
  add(listener: (key: string) => void): Disposable {
    // A function of its own, so that one that listens twice is told twice and disposed of once.
    const own = (key: string): void => listener(key);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  tell(key: string): void {
    for (const listener of this.#listeners) listener(key);
  }
}
