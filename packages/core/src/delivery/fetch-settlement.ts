// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { LoadedRecipients } from '../queue/load-recipients.ts';
import type { PreparingMessage } from '../queue/preparing.ts';
import type { Settlement } from '../queue/settle.ts';
import { type SettlementContext, settlementOf } from './attempt.ts';
import { untried } from './outcome.ts';
import type { PreparingFailure } from './preparing-failure.ts';

/**
 * What is written of a message that could not be made ready. Its own tries count for that, by the same retry
 * policy as attempts to send; what the recipients had of those stays as it is.
 */
export function settlementOfFetch(
  message: PreparingMessage,
  failure: PreparingFailure,
  { recipients, ...context }: Omit<SettlementContext, 'decided' | 'uses'> & { readonly recipients: LoadedRecipients },
): Settlement {
  const { permanence, reason, retryAfterMs, stage = 'fetch', verdict = 'message' } = failure;
  const outcomes = recipients.pending.map((recipient) => ({
    ...untried({ ...recipient, attempts: message.fetch_attempts }),
    state: permanence === 'permanent' ? ('failed' as const) : ('pending' as const),
    stage,
    reply: reason,
    verdict,
    uncounted: false,
    hintMs: retryAfterMs,
  }));
  const settlement = settlementOf(message, outcomes, { ...context, decided: recipients.decided });
  const attemptsOf = new Map(recipients.pending.map(({ position, attempts }) => [position, attempts]));
  return {
    ...settlement,
    attempts: message.attempts,
    fetchAttempts: message.fetch_attempts + 1,
    recipients: settlement.recipients.map((recipient) => ({
      ...recipient,
      attempts: attemptsOf.get(recipient.position) ?? recipient.attempts,
    })),
  };
}
