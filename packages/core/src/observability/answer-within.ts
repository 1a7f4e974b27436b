// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';

/**
 * What is asked, or `otherwise` where the answer takes longer than `ms` milliseconds; it is not waited for then, and goes
 * on.
 */
export async function answerWithin<Answer, Otherwise>(
  asked: Promise<Answer>,
  { clock, ms, otherwise }: { readonly clock: Clock; readonly ms: number; readonly otherwise: Otherwise },
): Promise<Answer | Otherwise> {
  const late = Promise.withResolvers<Otherwise>();
  using _timer = clock.after(ms, () => late.resolve(otherwise));
  // Not the promise: the timer would end with the call.
  return await Promise.race([asked, late.promise]);
}
