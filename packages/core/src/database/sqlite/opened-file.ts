// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { statSync } from 'node:fs';

/**
 * Tells whether a file that is open is still the one at its path, by the number that SQLite tells files by as well. What
 * is written to one that was removed or replaced is gone once it is closed.
 */
export class OpenedFile {
  readonly #path: string;
  readonly #id: string | null;

  constructor(path: string) {
    this.#path = path;
    this.#id = idOf(path);
  }

  isThere(): boolean {
    return this.#id !== null && idOf(this.#path) === this.#id;
  }
}

function idOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}
