// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import { answerWithin } from './answer-within.ts';

/** Who scrapes waits some seconds, and wants the other figures all the more when the database is away. */
const WITHIN_MS = 2_000;

/** A reading of the database, or null where it fails for now or takes too long. */
export function inTime<Figures>(read: () => Promise<Figures>, clock: Clock): () => Promise<Figures | null> {
  return () => {
    const figures = read().catch((error: unknown) => {
      if (isMailProxyError(error)) return null;
      throw error;
    });
    return answerWithin(figures, { clock, ms: WITHIN_MS, otherwise: null });
  };
}
