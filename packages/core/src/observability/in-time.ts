// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';

/** Who scrapes waits some seconds, and wants the other figures all the more when the database is away. */
const WITHIN_MS = 2_000;

/** A reading of the database, or null where it fails for now or takes too long. */
export function inTime<Figures>(read: () => Promise<Figures>, clock: Clock): () => Promise<Figures | null> {
  return async () => {
    const late = Promise.withResolvers<null>();
    using _timer = clock.after(WITHIN_MS, () => late.resolve(null));
    const figures = read().catch((error: unknown) => {
      if (isMailProxyError(error)) return null;
      throw error;
    });
    // Not the promise: the timer would end with the call.
    return await Promise.race([figures, late.promise]);
  };
}
