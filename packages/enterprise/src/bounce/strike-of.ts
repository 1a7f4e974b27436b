// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Strike, type StrikeKind, strikeOfBounce } from '@mail-proxy/core';
import type { Match } from './correlate.ts';
import type { RecipientFeedback } from './feedback-of.ts';
import type { ReasonClass } from './reading/returned-mail.types.ts';

/** Reasons that say something of the mailbox; a server that was away or did not like the mail says nothing of it. */
const OF_THE_MAILBOX: ReadonlySet<string> = new Set<ReasonClass>([
  'user_unknown',
  'moved',
  'mailbox_disabled',
  'mailbox_full',
]);

/** What counts against the address of which a mail speaks: one at most, none where it is about a forwarded one. */
export function strikeOf(
  { type, feedback, reason, isOwnAddress }: RecipientFeedback,
  { match, eventPk, at }: { readonly match: Match; readonly eventPk: string; readonly at: number },
): readonly Strike[] {
  const kind = type === 'complaint' ? 'complaint' : kindOf(feedback);
  if (kind === null || !isOwnAddress) return [];
  return [{ tenantId: match.mail.tenantId, address: feedback.recipient, kind, at, eventPk, note: reason }];
}

function kindOf({ permanence, addressDead, reasonClass }: RecipientFeedback['feedback']): StrikeKind | null {
  const kind = strikeOfBounce({ permanence: permanence ?? 'temporary', addressDead });
  return kind === 'soft' && !OF_THE_MAILBOX.has(reasonClass ?? '') ? null : kind;
}
