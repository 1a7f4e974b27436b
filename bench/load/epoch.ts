// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Wall time with fractions, the clock of the sink's `receivedAt` in its own process. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
