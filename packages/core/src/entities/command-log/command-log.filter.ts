// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** Which lines; null is any. Times in milliseconds since the epoch. */
export interface CommandLogFilter {
  readonly operation: string | null;
  readonly outcome: string | null;
  readonly principal: string | null;
  readonly since: number;
  /** Without it. */
  readonly until: number;
}
