// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';

/** Messages that have not come to their end after this, in milliseconds, are counted as missing. */
export const PATIENCE_MS = 600_000;

/** Wait for `promise`, but no longer than {@link PATIENCE_MS}: what did not come is seen by who counts. */
export async function inPatience(promise: Promise<unknown>, what: string): Promise<void> {
  const over = new AbortController();
  const impatience = sleep(PATIENCE_MS, undefined, { signal: over.signal, ref: false }).then(
    () => console.error(`${what}: not all came within ${PATIENCE_MS / 1_000} s`),
    () => undefined,
  );
  await Promise.race([promise, impatience]).catch((error: unknown) => console.error(`${what}: ${String(error)}`));
  over.abort();
}
