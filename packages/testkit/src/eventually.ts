// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';

export interface EventuallyOptions {
  /**
   * Milliseconds after which the last failure is thrown.
   * @defaultValue 25000
   */
  readonly timeoutMs?: number;
  /**
   * Milliseconds between two tries.
   * @defaultValue 20
   */
  readonly intervalMs?: number;
}

/**
 * Try `look` until it neither throws nor gives `false`, and hand on what it gave.
 *
 * Only for conditions of the outside world that tell nobody when they come true: a port that opens, a file that
 * another process writes. Where there is an event, wait for the event.
 *
 * @throws the last failure of `look`, once the time is over
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  { timeoutMs = 25_000, intervalMs = 20 }: EventuallyOptions = {},
): Promise<Exclude<T, false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown = new Error(`not true within ${timeoutMs} ms`);
    try {
      const seen = await look();
      // the compiler does not take T apart by the comparison
      if (seen !== false) return seen as Exclude<T, false>;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) throw failure;
    await sleep(intervalMs);
  }
}
