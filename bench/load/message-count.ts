// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** How many messages a bench sends: GMP_BENCH_MESSAGES, else `otherwise`. */
export function messageCount(otherwise: number): number {
  const count = Number(process.env['GMP_BENCH_MESSAGES'] ?? otherwise);
  if (!Number.isSafeInteger(count) || count < 1) throw new Error('GMP_BENCH_MESSAGES: expected a whole number from 1');
  return count;
}
