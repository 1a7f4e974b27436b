// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import type { Log } from '../../observability/log.ts';

/** A disk that is full fails with every content, and one line says as much as a thousand. */
const QUIET_MS = 60_000;

export interface RareWarningOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
  /** A constant sentence. */
  readonly message: string;
}

/** Log errors at most once a minute, with the number of those in between that were not. */
export function rareWarning({ clock, log, message }: RareWarningOptions): (error: unknown) => void {
  let quietUntil = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return (error) => {
    const now = clock.monotonic();
    if (now < quietUntil) {
      unsaid += 1;
      return;
    }
    log.warn({ err: error, unsaid }, message);
    quietUntil = now + QUIET_MS;
    unsaid = 0;
  };
}
