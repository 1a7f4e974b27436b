// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ApiError } from './api-error.ts';

/** Answers of a server that had no time, or of a proxy that did not reach it. */
const PASSING = [429, 502, 503, 504];
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;

interface RepeatableCall {
  readonly method: string;
  readonly idempotencyKey?: string | undefined;
}

/**
 * How long to wait before a call is made again; null where that may do harm, or is of no use. Nobody knows whether a call
 * that was not answered was carried out, so that only those are repeated of which a second one changes nothing.
 */
export function retryDelayMs(call: RepeatableCall, error: unknown, attempt: number): number | null {
  const isSafe = call.method === 'GET' || call.idempotencyKey !== undefined;
  if (!isSafe || !(error instanceof ApiError)) return null;
  if (error.status !== null && !PASSING.includes(error.status)) return null;
  const asked = error.retryAfterMs ?? 0;
  return asked > MAX_DELAY_MS ? null : Math.max(asked, FIRST_DELAY_MS * 2 ** (attempt - 1));
}

/**
 * Wait, with up to half of the time on top, so that clients that failed together do not come back together.
 *
 * @throws the reason of the signal
 */
export function waitBeforeRetry(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', give);
        resolve();
      },
      delayMs * (1 + Math.random() / 2),
    );
    if (signal?.aborted === true) give();
    else signal?.addEventListener('abort', give, { once: true });
  });
}
