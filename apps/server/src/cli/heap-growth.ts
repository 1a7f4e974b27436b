// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setFlagsFromString } from 'node:v8';

/**
 * V8 lets the old generation grow to as much as four times what lived at its last collection before it looks at it again. At twice
 * that a server is a quarter smaller after some hundred thousand messages, and takes no more CPU that could be measured.
 */
export const HEAP_GROWTH = '--heap-growing-percent';
const PERCENT = 100;

/** Bound how much garbage gathers; who starts Node.js with another bound has chosen. */
export function boundHeapGrowth(
  flags: readonly string[] = process.execArgv,
  set: (flag: string) => unknown = setFlagsFromString,
): void {
  if (!flags.some((flag) => flag.startsWith(HEAP_GROWTH))) set(`${HEAP_GROWTH}=${PERCENT}`);
}
