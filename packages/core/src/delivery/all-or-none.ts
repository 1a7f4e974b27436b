// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PendingRecipient } from '../queue/load-recipients.ts';
import type { RecipientReply } from '../smtp/session.types.ts';
import type { RecipientOutcome } from './outcome.ts';

/** What is told where the relay takes fewer recipients at a time: nothing of the message is offered to it. */
export function notTogether(recipients: readonly PendingRecipient[]): {
  readonly replies: readonly RecipientReply[];
  readonly transcript: readonly string[];
} {
  const all = `all ${recipients.length} recipients are to get it in one transaction`;
  const text = `[mail-proxy, not sent] ${all}, and the relay does not take them together`;
  const refusal = { status: 'refused', stage: 'rcpt', reply: { code: 554, enhanced: '5.7.0', text } } as const;
  return {
    replies: recipients.map(({ address }) => ({ ...refusal, address })),
    transcript: [`${refusal.reply.code} ${refusal.reply.enhanced} ${text}`],
  };
}

/** Where one can never be served, nobody is to be tried without it. */
export function decidedTogether(outcomes: readonly RecipientOutcome[]): readonly RecipientOutcome[] {
  const refused = outcomes.find(({ state }) => state === 'failed');
  if (refused === undefined) return outcomes;
  const why = `not tried again, as ${refused.recipient.address} is refused for good`;
  return outcomes.map((outcome): RecipientOutcome => {
    if (outcome.state !== 'pending') return outcome;
    const reply = outcome.reply === null ? why : `${outcome.reply}; ${why}`;
    return { ...outcome, state: 'failed', reply, hintMs: null };
  });
}
