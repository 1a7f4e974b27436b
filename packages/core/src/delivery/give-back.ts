// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Release } from '../queue/release.ts';

export interface GiveBackServices {
  readonly release: Release;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between two tries while the database is away. */
const RETRY_MS = 500;

/**
 * Give messages back that were claimed and not sent. Tried until the database takes it, or until `signal` aborts: then
 * they stay leased until their session ends, and come back with it.
 */
export async function giveBack(
  messages: Parameters<Release>[0],
  { release, clock, log }: GiveBackServices,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await release(messages, clock.now());
      return;
    } catch (error) {
      if (!isMailProxyError(error) || signal.aborted) {
        log.error({ messages: messages.length, err: error }, 'claimed messages could not be given back');
        return;
      }
      log.warn({ messages: messages.length, code: error.code }, 'messages to be given back wait for the database');
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
