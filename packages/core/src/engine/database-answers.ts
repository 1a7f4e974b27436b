// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { Clock } from '../clock.ts';
import { answerWithin } from '../observability/answer-within.ts';
import { reachOfAll } from '../operations/principal.ts';
import type { Stores } from './stores.ts';

/** Orchestrators wait for a probe a second or some. */
const READY_WITHIN_MS = 900;

/** Whether the database answers in time: who asks will not wait for as long as a query may take. */
export function databaseAnswers({ tenants }: Pick<Stores, 'tenants'>, clock: Clock): Promise<boolean> {
  const asked = tenants.list(reachOfAll(), { limit: 1 }).then(
    () => true,
    () => false,
  );
  return answerWithin(asked, { clock, ms: READY_WITHIN_MS, otherwise: false });
}
