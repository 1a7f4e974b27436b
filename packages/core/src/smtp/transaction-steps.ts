// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpStage } from './reply.ts';
import type { SmtpTimeouts } from './session.types.ts';

/** What a transaction waits for: the reply to a command, the body to be written, the reply to the final dot. */
export type Wanted = 'rset' | 'mail' | 'rcpt' | 'data' | 'body' | 'dot' | 'lone dot';

export function stageOf(waitsFor: Wanted): SmtpStage {
  return waitsFor === 'lone dot' ? 'dot' : waitsFor;
}

/** Whether a reply of this code, which is not 421, has no place there. */
export function isOutOfStep(waitsFor: Wanted, code: number): boolean {
  const isPositive = code < 300;
  const isRefusal = code >= 400;
  if (waitsFor === 'rset') return !isPositive;
  if (waitsFor === 'data') return isPositive;
  if (waitsFor === 'body') return !isRefusal;
  if (waitsFor === 'lone dot') return false;
  return !isPositive && !isRefusal;
}

/** How long the relay may take for it. */
export function allowedMs(waitsFor: Wanted, timeouts: SmtpTimeouts): number {
  if (waitsFor === 'data') return timeouts.dataMs;
  if (waitsFor === 'body') return timeouts.blockMs;
  if (waitsFor === 'dot') return timeouts.dotMs;
  return timeouts.commandMs;
}
