// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { InputProblem } from '../../errors.ts';

/** Collects what is wrong with one message, so that the client hears of everything at once. */
export class Problems {
  readonly list: InputProblem[] = [];
  readonly #base: string;

  /** @param base - pointer of the message in the request: empty, or `/messages/3` */
  constructor(base: string) {
    this.#base = base;
  }

  /** @param message - null where the field is right */
  add(field: string, message: string | null): void {
    if (message !== null) this.list.push({ pointer: `${this.#base}/${field}`, message });
  }
}
