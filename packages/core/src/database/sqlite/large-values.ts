// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ownMemory } from '../../release-memory.ts';
import type { SqlValue } from '../statement.ts';

/** Add the memory of the large values among `values` to `found`: to hand it over to another thread is cheaper than a copy. */
export function addLargeValues(values: readonly SqlValue[], found: ArrayBuffer[]): void {
  for (const value of values) {
    const memory = value instanceof Uint8Array ? ownMemory(value) : null;
    if (memory !== null) found.push(memory);
  }
}
