// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/**
 * How any number of rows goes to the database with one compiled statement: short columns in one JSON parameter, long
 * values beside it in one parameter of bytes, since escaping them into JSON and back costs more than all the rest.
 */

/** A JSON array of the rows, for a table made by a dialect's `rows`. */
export function rowsJson(rows: readonly object[]): string {
  const json = JSON.stringify(rows);
  // A lone surrogate is written as an escape, which PostgreSQL refuses. As a text parameter it would become U+FFFD.
  return json.includes(ESCAPED_D) && LONE_SURROGATE.test(json) ? JSON.stringify(rows, wellFormed) : json;
}

/** How each of them begins: to look for it takes a tenth of what the expression does. */
const ESCAPED_D = '\\ud';
/** Also true of some text that holds backslashes, which is then written as it is a second time. */
const LONE_SURROGATE = /\\ud[89a-f]/;

function wellFormed(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}

/** Where a value lies in a {@link Bundle}, as SQL counts: from 1, in bytes. */
export interface Slice {
  readonly start: number;
  readonly length: number;
}

/** Long values of several rows, one after the other. */
export class Bundle {
  readonly #parts: (string | Uint8Array)[] = [];
  #length = 0;

  add(value: string | Uint8Array): Slice {
    const length = Buffer.byteLength(value);
    const slice = { start: this.#length + 1, length };
    this.#parts.push(value);
    this.#length += length;
    return slice;
  }

  bytes(): Uint8Array {
    // With memory of its own: a small Buffer is a view of a pool, and all of that would be copied to another thread.
    const bytes = Buffer.from(new ArrayBuffer(this.#length));
    let at = 0;
    for (const part of this.#parts) {
      if (typeof part === 'string') {
        at += bytes.write(part, at);
      } else {
        bytes.set(part, at);
        at += part.byteLength;
      }
    }
    return bytes;
  }
}
