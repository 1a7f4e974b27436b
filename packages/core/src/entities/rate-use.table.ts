// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What was sent under a rate limit, in a bucket of time; see queue/rate-limits.ts. */
export interface RateUsesTable {
  /** `account:<pk>` or `tenant:<id>`. */
  readonly scope: string;
  /** Length of the window in milliseconds: a minute, an hour or a day. */
  readonly window_ms: number;
  /** Milliseconds; never before the uses that it holds. */
  readonly bucket_at: number;
  /** Who sent; instances that wrote the same row would wait for each other's commits, and even for one another. */
  readonly session: number;
  readonly used: number;
}
