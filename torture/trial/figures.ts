// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What is measured beside the books, with the unit in its name. */
export type FigureName =
  | 'ms until mail is taken again'
  | 'ms until an instance is replaced'
  | 'ms until all is still'
  | 'answers of 503'
  | 'answers cut off'
  | 'most sent within a minute'
  | 'percent sent by the least'
  | 'percent sent by the most'
  | 'copies sent after waking'
  | 'calls while the endpoint is away'
  | 'events told a second afterwards';

/** Figures of one trial. */
export class Figures {
  readonly #all = new Map<FigureName, number>();

  /** Keep the greatest. */
  atMost(name: FigureName, value: number): void {
    this.#all.set(name, Math.max(this.#all.get(name) ?? 0, Math.round(value)));
  }

  /** Keep the sum. */
  add(name: FigureName, value: number): void {
    this.#all.set(name, (this.#all.get(name) ?? 0) + value);
  }

  toJSON(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#all);
  }
}
