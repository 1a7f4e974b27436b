// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailEngineOptions } from '@mail-proxy/core';

/** Of the processes that are killed, and of the one that comes after them: retries soon, and room for all that is captured. */
export function capturedConfig(database: string): MailEngineOptions['config'] {
  return {
    database,
    delivery: { maxSends: 10 },
    retry: { baseMs: 100, maxDelayMs: 200 },
    sandbox: { maxMessages: 1_000_000, maxBytes: 1_000_000_000 },
  };
}
