// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { FindSuppressed } from '../entities/suppression/suppression-check.ts';
import type { SuppressionPolicyInput } from '../entities/suppression/suppression-policy.ts';
import type { PendingRecipient } from '../queue/load-recipients.ts';
import type { Settlement } from '../queue/settle.ts';
import type { RecipientOutcome } from './outcome.ts';

/** The recipients of an attempt. */
export interface SplitRecipients {
  readonly served: readonly PendingRecipient[];
  /** What becomes of the others: nothing was tried for them. */
  readonly suppressed: readonly RecipientOutcome[];
  /** For the settlement. */
  readonly stopped: Pick<Settlement, 'stoppedBy'>;
}

/** Take those out who are on their tenant's suppression list. */
export async function splitRecipients(
  tenantId: string,
  pending: readonly PendingRecipient[],
  findSuppressed: FindSuppressed,
): Promise<SplitRecipients> {
  const found = await findSuppressed(
    tenantId,
    pending.map(({ address }) => address),
  );
  if (found.size === 0) return allServed(pending);
  const suppressed = pending.flatMap((recipient): readonly RecipientOutcome[] => {
    const entry = found.get(recipient.address);
    if (entry === undefined) return [];
    const { address, reason, created_at } = entry;
    const reply = `${address} is on the suppression list since ${new Date(created_at).toISOString()}: ${reason}`;
    return [
      {
        ...{ recipient, state: 'failed', stage: 'suppressed', code: null, enhanced: null, reply },
        ...{ verdict: 'recipient', doubt: false, uncounted: true },
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
