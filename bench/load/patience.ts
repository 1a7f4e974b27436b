// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';

/** Messages that have not come to their end after this are counted as missing: milliseconds, and more for each message. */
const PATIENCE_MS = 600_000;
const PER_MESSAGE_MS = 10;

/** Wait for `count` messages, but not for ever: what did not come is seen by who counts. */
export async function inPatience(promise: Promise<unknown>, what: string, count: number): Promise<void> {
  const over = new AbortController();
  const patienceMs = PATIENCE_MS + count * PER_MESSAGE_MS;
  const impatience = sleep(patienceMs, undefined, { signal: over.signal, ref: false }).then(
    () => console.error(`${what}: not all came within ${patienceMs / 1_000} s`),
    () => undefined,
  );
  await Promise.race([promise, impatience]).catch((error: unknown) => console.error(`${what}: ${String(error)}`));
  over.abort();
}
