// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../../errors.ts';
import { hasScope, type Principal } from '../../operations/principal.ts';
import { membersOf } from '../../smtp/compose/address-list.ts';
import type { CheckedMessage } from './check-content.ts';
import { isRepeated, type SubmittedAs } from './is-repeated.ts';
import type { SubmissionServices } from './message-services.ts';
import type { StoredContent } from './stored-content.ts';

/** Recipients that a refusal names at most. */
const MAX_NAMED = 20;

/**
 * Who may take an address off the list may write to it.
 *
 * @param base - pointer of the message in the request
 * @throws {MailProxyError} `forbidden`
 */
export function expectMayIgnore(
  principal: Principal,
  { ignoresSuppressions }: Pick<StoredContent, 'ignoresSuppressions'>,
  base: string,
): void {
  if (ignoresSuppressions !== true || hasScope(principal, 'suppressions:write')) return;
  throw new MailProxyError('forbidden', {
    detail: 'this key lacks the scope suppressions:write, which ignore_suppressions needs',
    problems: [{ pointer: `${base}/ignore_suppressions`, message: 'expected only with the scope suppressions:write' }],
  });
}

type SuppressionServices = Pick<SubmissionServices, 'findSuppressed' | 'suppressionRefused' | 'findTaken'>;

/**
 * Refuse a message that nobody would be sent. Where others are left it is taken: those on the list fail when it is sent,
 * by what the list says then. One whose id is taken passes: it is answered with the message that has it, which may be the
 * same, taken before the list was changed.
 *
 * @throws {MailProxyError} `suppressed`
 */
export async function expectRecipients(
  services: SuppressionServices,
  { content, bcc }: Pick<CheckedMessage, 'content' | 'bcc'>,
  of: SubmittedAs,
): Promise<void> {
  const { findSuppressed, suppressionRefused } = services;
  const { tenantId, base } = of;
  if (content.ignoresSuppressions === true) return;
  const recipients = [
    ...membersOf(content.to).map(({ address }) => ({ field: 'to', address })),
    ...membersOf(content.cc).map(({ address }) => ({ field: 'cc', address })),
    ...bcc.map(({ address }) => ({ field: 'bcc', address })),
  ];
  const found = await findSuppressed(
    tenantId,
    recipients.map(({ address }) => address),
  );
  if (found.size === 0 || recipients.some(({ address }) => !found.has(address))) return;
  if (await isRepeated(services, of)) return;
  suppressionRefused([...found.values()].map(({ pk }) => pk));
  const problems = recipients.slice(0, MAX_NAMED).map(({ field, address }) => ({
    pointer: `${base}/${field}`,
    message: `${address} is on the suppression list: ${found.get(address)?.reason}`,
  }));
  const named = problems.map(({ message }) => message).slice(0, 3);
  const more = recipients.length - named.length;
  throw new MailProxyError('suppressed', {
    detail: named.join('; ') + (more > 0 ? `; and ${more} more` : ''),
    problems,
  });
}
