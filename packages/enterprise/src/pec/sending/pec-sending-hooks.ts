// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { HookedMessage, Hooks } from '@mail-proxy/core';
import { checkPecMail } from './check-pec-mail.ts';
import type { PecAccountStore } from './pec-accounts.store.ts';

/**
 * Holds mail of accounts for certified mail against its rules, when it is accepted and when it leaves, and has it go out in
 * the envelope that its header shows. Other accounts are left alone.
 */
export function pecSendingHooks(
  accounts: Pick<PecAccountStore, 'recent'>,
): Pick<Hooks, 'accepting' | 'enveloping' | 'sending'> {
  /** By attempt: an account that becomes one for certified mail meanwhile is held to the rules from the next attempt on. */
  const known = new WeakMap<HookedMessage, boolean>();
  return {
    async accepting({ accountPk }, { returnPaths, to, minBytes, isComplete, header }) {
      if (!(await accounts.recent(accountPk))) return null;
      const mail = { returnPaths, to, header: header(), recipients: to.length, octets: minBytes };
      const content = isComplete ? 'raw' : 'attachments';
      return checkPecMail(mail).map(({ field, message }) => ({
        field: field === 'content' ? content : field,
        message,
      }));
    },
    /** No return path of bounces: receipts come to the sender. And a provider wants all recipients at once. */
    async enveloping(message) {
      const isPec = await accounts.recent(message.accountPk);
      known.set(message, isPec);
      return isPec ? { allOrNone: true } : null;
    },
    async sending(message, { returnPaths, to, recipients, sizeBytes, header }) {
      if (!(known.get(message) ?? (await accounts.recent(message.accountPk)))) return null;
      const problems = checkPecMail({ returnPaths, to, header: header(), recipients, octets: sizeBytes });
      if (problems.length === 0) return null;
      const reasons = problems.map(({ field, message }) => `${field}: ${message}`);
      return {
        admit: false,
        permanence: 'permanent',
        reason: `not to be sent as certified mail: ${reasons.join('; ')}`,
      };
    },
  };
}
