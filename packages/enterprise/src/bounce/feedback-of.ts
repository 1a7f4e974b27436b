// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { EventFeedback } from '@mail-proxy/core';
import type { Match } from './correlate.ts';
import type { Bounce, Complaint, ReturnedRecipient } from './reading/returned-mail.types.ts';
import type { SentRecipient } from './sent-mail.store.ts';

/** What a mail says of one recipient of a message. */
export interface RecipientFeedback {
  readonly type: 'bounce' | 'complaint';
  readonly feedback: EventFeedback;
  readonly reason: string;
  /** The same for what says the same again. */
  readonly once: string;
  /** It is about an address that the message went to, so that it says something of that address. */
  readonly isOwnAddress: boolean;
}

/** One for each recipient of the message of whom the mail says that it was not delivered. */
export function bouncesOf(bounce: Bounce, match: Match): readonly RecipientFeedback[] {
  const failed = bounce.recipients.filter(({ action }) => action === 'failed');
  const about =
    failed.length > 0
      ? failed
      : [{ ...bounce.summary, address: '', originalAddress: null } satisfies ReturnedRecipient];
  const found = about.flatMap((returned) => {
    const own = recipientOf([returned.originalAddress, returned.address], match, about.length);
    // An address that is none of the message's: somebody forwarded it.
    const recipient = own?.address ?? (match.isSigned && returned.address !== '' ? returned.address : null);
    return recipient === null ? [] : [bounceOf(bounce, returned, { recipient, isOwnAddress: own !== null })];
  });
  return [...new Map(found.map((each) => [each.once, each])).values()];
}

/** One for each recipient of the message who complained. */
export function complaintsOf({ recipients, feedbackType }: Complaint, match: Match): readonly RecipientFeedback[] {
  const about = recipients.length > 0 ? recipients : [null];
  return about.flatMap((address) => {
    const own = recipientOf([address], match, about.length);
    if (own === null) return [];
    return [
      {
        type: 'complaint',
        reason: `complained of: ${feedbackType}`,
        once: `complaint:${own.address.toLowerCase()}`,
        isOwnAddress: true,
        feedback: {
          recipient: own.address,
          bounceType: null,
          code: null,
          status: null,
          reasonClass: null,
          permanence: null,
          addressDead: false,
          reportedBy: null,
          feedbackType,
        },
      } as const,
    ];
  });
}

function bounceOf(
  { reportingMta }: Bounce,
  returned: ReturnedRecipient,
  { recipient, isOwnAddress }: { readonly recipient: string; readonly isOwnAddress: boolean },
): RecipientFeedback {
  const { status, replyCode, permanence, reasonClass, addressDead, reason } = returned;
  const bounceType = permanence === 'permanent' ? 'hard' : 'soft';
  return {
    type: 'bounce',
    reason: reason === '' ? reasonClass.replaceAll('_', ' ') : reason,
    once: `${bounceType}:${recipient.toLowerCase()}`,
    isOwnAddress,
    feedback: {
      recipient,
      bounceType,
      code: status ?? (replyCode === null ? null : String(replyCode)),
      status,
      reasonClass,
      permanence,
      addressDead,
      reportedBy: reportingMta,
      feedbackType: null,
    },
  };
}

/** The recipient that is meant: by its address, by where the mail came to, or since there is no other. */
function recipientOf(
  addresses: readonly (string | null)[],
  { recipient, candidates, isSigned, isTrusted }: Match,
  count: number,
): SentRecipient | null {
  const names = addresses.flatMap((address) => (address === null || address === '' ? [] : [address]));
  for (const name of names) {
    const named = candidates.find((each) => each.address.toLowerCase() === name.toLowerCase());
    if (named !== undefined) return named;
  }
  if (count > 1 || !isTrusted || (!isSigned && names.length > 0)) return null;
  if (recipient !== null) return recipient;
  const [only, ...others] = candidates;
  return others.length === 0 ? (only ?? null) : null;
}
