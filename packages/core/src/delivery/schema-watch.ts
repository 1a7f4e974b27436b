// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';

export interface SchemaWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Time between two looks, milliseconds. */
  readonly intervalMs: number;
  /** Throws `schema_too_new` when this code can no longer work on the database. */
  readonly check: () => Promise<void>;
  /** Told once. */
  readonly onOutdated: () => void;
}

/**
 * Notices that a newer version migrated the shared database beyond what this one can work with. A start refuses such a
 * database; an engine that was running already must stop by itself.
 */
export async function watchSchema(
  { clock, log, intervalMs, check, onOutdated }: SchemaWatchOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal);
    if (signal.aborted) return;
    try {
      await check();
    } catch (error) {
      if (isMailProxyError(error, 'schema_too_new')) {
        log.error({ err: error }, 'a newer version migrated the database; this one stops sending');
        onOutdated();
        return;
      }
      log.warn({ err: error }, 'the version of the schema could not be read');
    }
  }
}
