// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { Receipt } from '../reading/receipt.types.ts';
import type { PecRecipientsTable } from '../receipts.table.ts';
import type { AwaitedMail, AwaitedStore } from '../waiting/awaited.store.ts';

/** Whose mailbox a receipt came to. */
export interface ReceiptOwner {
  /** Null for the operator's, where receipts of all tenants come to. */
  readonly tenantId: string | null;
  /** Null for all accounts. */
  readonly accountPk: string | null;
}

/** The message that a receipt is about, and whom of it. */
export interface ReceiptMatch {
  readonly mail: AwaitedMail;
  /** Those of the message's recipients that it is about. */
  readonly about: readonly PecRecipientsTable[];
}

/**
 * - `no_message`: no message of these mailboxes' owner was sent by a PEC account with that Message-ID, by that sender.
 * - `no_recipient`: one was, and it did not go to whom the receipt is about.
 * - `ambiguous`: several were.
 */
export const UNMATCHED_REASONS = ['no_message', 'no_recipient', 'ambiguous'] as const;
export type UnmatchedReason = (typeof UNMATCHED_REASONS)[number];

/** Find the message that a receipt is about: by its Message-ID, its sender and its recipients, all of them. */
export async function correlateReceipt(
  receipt: Receipt,
  { tenantId, accountPk }: ReceiptOwner,
  awaited: Pick<AwaitedStore, 'byReference'>,
): Promise<ReceiptMatch | UnmatchedReason> {
  const { reference, sender } = receipt;
  // Anybody may choose a Message-ID that he has seen: one that does not say whose mail it is about may be of a stranger's.
  if (reference === null || sender === null) return 'no_message';
  const candidates = await awaited.byReference({ reference, sender, tenantId });
  if (candidates === 'too_many') return 'ambiguous';
  const mails = candidates.filter((mail) => accountPk === null || mail.account_pk === accountPk);
  const matches = mails.flatMap((mail) => {
    const about = aboutWhom(receipt, mail);
    return about === null ? [] : [{ mail, about }];
  });
  const [match, another] = matches;
  if (match === undefined) return mails.length > 0 ? 'no_recipient' : 'no_message';
  return another === undefined ? match : 'ambiguous';
}

/** Null where it is about nobody whom the message went to. */
function aboutWhom(receipt: Receipt, { recipients }: AwaitedMail): readonly PecRecipientsTable[] | null {
  const named = namedIn(receipt);
  const found = recipients.filter(({ address }) => named.some((each) => isSame(each, address)));
  if (found.length === 0) return named.length === 0 && isOfMessage(receipt) ? recipients : null;
  // A refusal is of the whole message.
  return receipt.type === 'non-accettazione' ? recipients : found;
}

function namedIn({ type, recipient, receivedFor, recipients }: Receipt): readonly string[] {
  if (type === 'presa-in-carico' && receivedFor.length > 0) return receivedFor;
  if (isOfMessage({ type })) return recipients.map(({ address }) => address);
  return recipient === null ? [] : [recipient];
}

function isOfMessage({ type }: Pick<Receipt, 'type'>): boolean {
  return type === 'accettazione' || type === 'non-accettazione' || type === 'presa-in-carico';
}

export function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
