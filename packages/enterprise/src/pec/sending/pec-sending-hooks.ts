// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type {
  Admission,
  Enveloping,
  HookedMessage,
  Hooks,
  MailProblem,
  OutgoingMail,
  SubmittedMail,
} from '@mail-proxy/core';
import { checkPecMail } from './check-pec-mail.ts';
import type { PecAccountStore } from './pec-accounts.store.ts';

/**
 * Holds mail of accounts for certified mail against its rules, when it is accepted and when it leaves, and has it go out in
 * the envelope that its header shows. Other accounts are left alone, and mostly answered for at once.
 */
export function pecSendingHooks(
  accounts: Pick<PecAccountStore, 'recent'>,
): Pick<Hooks, 'accepting' | 'enveloping' | 'sending'> {
  /** By attempt: an account that becomes one for certified mail meanwhile is held to the rules from the next attempt on. */
  const known = new WeakMap<HookedMessage, boolean>();
  const envelopeOf = (message: HookedMessage, isPec: boolean): Enveloping | null => {
    known.set(message, isPec);
    return isPec ? { allOrNone: true } : null;
  };
  return {
    accepting: ({ accountPk }, mail) =>
      whenKnown(accounts.recent(accountPk), (isPec) => (isPec ? problemsOf(mail) : null)),
    /** No return path of bounces: receipts come to the sender. And a provider wants all recipients at once. */
    enveloping: (message) => whenKnown(accounts.recent(message.accountPk), (isPec) => envelopeOf(message, isPec)),
    sending: (message, mail) =>
      whenKnown(known.get(message) ?? accounts.recent(message.accountPk), (isPec) => (isPec ? refusalOf(mail) : null)),
  };
}

/** Now, where it is known. */
function whenKnown<Next>(isPec: boolean | Promise<boolean>, then: (isPec: boolean) => Next): Next | Promise<Next> {
  return typeof isPec === 'boolean' ? then(isPec) : isPec.then(then);
}

function problemsOf({ returnPaths, to, minBytes, isComplete, header }: SubmittedMail): readonly MailProblem[] {
  const mail = { returnPaths, to, header: header(), recipients: to.length, octets: minBytes };
  const content = isComplete ? 'raw' : 'attachments';
  return checkPecMail(mail).map(({ field, message }) => ({ field: field === 'content' ? content : field, message }));
}

function refusalOf({ returnPaths, to, recipients, sizeBytes, header }: OutgoingMail): Admission | null {
  const problems = checkPecMail({ returnPaths, to, header: header(), recipients, octets: sizeBytes });
  if (problems.length === 0) return null;
  const reasons = problems.map(({ field, message }) => `${field}: ${message}`);
  return {
    admit: false,
    permanence: 'permanent',
    reason: `not to be sent as certified mail: ${reasons.join('; ')}`,
  };
}
