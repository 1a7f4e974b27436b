// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { FindSuppressed } from '../entities/suppression/suppression-check.ts';
import type { SuppressionPolicyInput } from '../entities/suppression/suppression-policy.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { PendingRecipient } from '../queue/load-recipients.ts';
import type { MayHaveArrived } from '../queue/may-have-arrived.ts';
import type { Settlement } from '../queue/settle.ts';
import type { RecipientOutcome } from './outcome.ts';

interface SplitServices {
  readonly findSuppressed: FindSuppressed;
  readonly mayHaveArrived: MayHaveArrived;
}

/** The recipients of an attempt. */
export interface SplitRecipients {
  readonly served: readonly PendingRecipient[];
  /** What becomes of the others: this attempt tries nothing for them. */
  readonly suppressed: readonly RecipientOutcome[];
  /** For the settlement. */
  readonly stopped: Pick<Settlement, 'stoppedBy'>;
}

/** Take those out who are on their tenant's suppression list; an attempt before may have served them all the same. */
export async function splitRecipients(
  message: Pick<ClaimedMessage, 'pk' | 'tenant_id' | 'attempts'>,
  pending: readonly PendingRecipient[],
  { findSuppressed, mayHaveArrived }: SplitServices,
): Promise<SplitRecipients> {
  const found = await findSuppressed(
    message.tenant_id,
    pending.map(({ address }) => address),
  );
  if (found.size === 0) return allServed(pending);
  const doubt = message.attempts > 0 && (await mayHaveArrived(message.pk));
  const suppressed = pending.flatMap((recipient): readonly RecipientOutcome[] => {
    const entry = found.get(recipient.address);
    if (entry === undefined) return [];
    const { address, reason, created_at } = entry;
    const listed = `${address} is on the suppression list since ${new Date(created_at).toISOString()}: ${reason}`;
    const reply = doubt ? `${listed}; an earlier attempt may have reached it` : listed;
    return [
      {
        ...{ recipient, state: 'failed', stage: 'suppressed', code: null, enhanced: null, reply },
        ...{ verdict: 'recipient', doubt, uncounted: true },
      },
    ];
  });
  return {
    served: pending.filter(({ address }) => !found.has(address)),
    suppressed,
    stopped: { stoppedBy: [...found.values()].map(({ pk }) => pk) },
  };
}

/** Nobody is taken out. */
export function allServed(pending: readonly PendingRecipient[]): SplitRecipients {
  return { served: pending, suppressed: [], stopped: {} };
}

/** What the relay's answers say against addresses. */
export function strikesOf(
  outcomes: readonly RecipientOutcome[],
  policy: SuppressionPolicyInput | null,
): Pick<Settlement, 'strikes'> {
  const dead = outcomes.filter(({ isAddressDead }) => isAddressDead === true);
  if (dead.length === 0) return {};
  return {
    strikes: dead.map(({ recipient: { address }, code, enhanced, reply }) => ({
      address,
      kind: 'hard',
      note: [code, enhanced, reply].filter((part) => part !== null && part !== '').join(' '),
      policy,
    })),
  };
}
