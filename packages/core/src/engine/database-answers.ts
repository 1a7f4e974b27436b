// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { reachOfAll } from '../operations/principal.ts';
import type { Stores } from './stores.ts';

/** Orchestrators wait for a probe a second or some. */
const READY_WITHIN_MS = 900;

/** Whether the database answers in time: who asks will not wait for as long as a query may take. */
export async function databaseAnswers({ tenants }: Pick<Stores, 'tenants'>, clock: Clock): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  using _timer = clock.after(READY_WITHIN_MS, () => late.resolve(false));
  const asked = tenants.list(reachOfAll(), { limit: 1 }).then(
    () => true,
    () => false,
  );
  // Not the promise: the timer would end with the call.
  return await Promise.race([asked, late.promise]);
}
