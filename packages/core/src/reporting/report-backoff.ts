// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Random } from '../clock.ts';
import { BREAKER_FAILURES } from '../entities/report/breaker.ts';
import { type Backoff, retryDelayMs } from '../retry-delay.ts';

/** Between calls that fail, and between those that ask whether the endpoint answers again. */
const CALL_BACKOFF: Backoff = { baseMs: 1_000, factor: 2, maxDelayMs: 300_000 };
/** Between calls that tell something to an endpoint that answers, and fail: it is what they tell. */
const BATCH_BACKOFF: Backoff = { baseMs: 1_000, factor: 2, maxDelayMs: 21_600_000 };
/** Between offers of an event that the tenant refuses. */
const REFUSED_BACKOFF: Backoff = { baseMs: 30_000, factor: 2, maxDelayMs: 3_600_000 };
/** Between turns of a tenant that break off, as when there is no room for the messages of its answers. */
const BROKEN_BACKOFF: Backoff = { baseMs: 1_000, factor: 2, maxDelayMs: 60_000 };
/** Failed calls in a row that told something, after which one event at a time is told: what is wrong may be one of them. */
export const SUSPECT_FAILURES = 8;
/** An endpoint that asks for more is asked again after a day. */
const MAX_RETRY_AFTER_MS = 86_400_000;

export interface FailedCall {
  /** Failed calls in a row, this one too. */
  readonly failures: number;
  /** Of them, those that told something. */
  readonly batchFailures: number;
  /** It was told nothing. */
  readonly isEmpty: boolean;
  readonly retryAfterMs: number | null;
}

/** Milliseconds until the next call: exponential with full jitter, and no less than the endpoint asked for. */
export function callDelayMs({ failures, batchFailures, isEmpty, retryAfterMs }: FailedCall, random: Random): number {
  const delayMs =
    isEmpty || failures <= BREAKER_FAILURES
      ? retryDelayMs(failures, CALL_BACKOFF, random)
      : retryDelayMs(Math.max(batchFailures, BREAKER_FAILURES), BATCH_BACKOFF, random);
  return Math.max(delayMs, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}

/** Milliseconds until an event is offered again that was refused `attempts` times. */
export function refusedDelayMs(attempts: number, random: Random): number {
  return retryDelayMs(attempts, REFUSED_BACKOFF, random);
}

/** Milliseconds until the next turn, after `turns` in a row that broke off. Without jitter. */
export function brokenDelayMs(turns: number): number {
  return retryDelayMs(turns, BROKEN_BACKOFF, () => 0);
}
