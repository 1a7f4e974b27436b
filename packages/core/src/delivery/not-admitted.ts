// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Admission } from '../mixin/hooks.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { PendingRecipient } from '../queue/load-recipients.ts';
import type { MayHaveArrived } from '../queue/may-have-arrived.ts';
import type { RecipientOutcome } from './outcome.ts';

/** What becomes of recipients whose attempt a mixin refuses; where that is their end, an attempt before may have reached them. */
export async function notAdmitted(
  message: Pick<ClaimedMessage, 'pk' | 'attempts'>,
  recipients: readonly PendingRecipient[],
  { reason, permanence }: Extract<Admission, { admit: false }>,
  { mayHaveArrived }: { readonly mayHaveArrived: MayHaveArrived },
): Promise<readonly RecipientOutcome[]> {
  const isEnd = permanence === 'permanent';
  const doubt = isEnd && message.attempts > 0 && (await mayHaveArrived(message.pk));
  const reply = doubt ? `${reason}; an earlier attempt may have reached it` : reason;
  return recipients.map((recipient) => ({
    ...{ recipient, state: isEnd ? 'failed' : 'pending', stage: 'admit', code: null, enhanced: null, reply },
    ...{ verdict: 'policy', doubt },
  }));
}
