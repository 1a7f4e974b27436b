// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SqlValue } from '../statement.ts';

/** Bytes from which handing a value over to another thread is cheaper than copying it. */
const LARGE_BYTES = 65_536;

/** Add the memory of the large values among `values` to `found`, where it is all theirs. */
export function addLargeValues(values: readonly SqlValue[], found: ArrayBuffer[]): void {
  for (const value of values) {
    if (!(value instanceof Uint8Array) || value.byteLength < LARGE_BYTES) continue;
    const { buffer } = value;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === value.byteLength) found.push(buffer);
  }
}
