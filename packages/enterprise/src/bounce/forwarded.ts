// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { RecipientFeedback } from './feedback-of.ts';
import type { SentMail, SentMailStore } from './sent-mail.store.ts';

/**
 * Addresses that are none of a message's own of which its history tells: those that recipients have it forwarded to.
 * Whoever has its return path could name others for ever.
 */
export const MAX_FORWARDED = 20;

/** Leave out what is about more addresses that the message never had than are told of. */
export async function withoutMoreForwarded(
  found: readonly RecipientFeedback[],
  mail: SentMail,
  sent: Pick<SentMailStore, 'bouncedAddresses'>,
): Promise<readonly RecipientFeedback[]> {
  if (found.every(({ isOwnAddress }) => isOwnAddress)) return found;
  const own = new Set(mail.recipients.map(({ address }) => address.toLowerCase()));
  const bounced = (await sent.bouncedAddresses(mail.pk)).map((address) => address.toLowerCase());
  const told = new Set(bounced.filter((address) => !own.has(address)));
  return found.filter(({ isOwnAddress, feedback }) => {
    const address = feedback.recipient.toLowerCase();
    if (isOwnAddress || told.has(address)) return true;
    if (told.size >= MAX_FORWARDED) return false;
    told.add(address);
    return true;
  });
}
