// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../../errors.ts';
import { maySendAs } from '../../operations/key-limits.ts';
import { limitsOf, type Principal } from '../../operations/principal.ts';
import type { StoredContent } from './stored-content.ts';

/**
 * Hold From and the envelope sender against what the key allows. The null sender is nobody's.
 *
 * @param base - pointer of the message in the request
 * @throws {MailProxyError} `forbidden`
 */
export function expectAllowedSender(
  principal: Principal,
  { from, returnPath }: Pick<StoredContent, 'from' | 'returnPath'>,
  base: string,
): void {
  const limits = limitsOf(principal);
  const refused = [
    { field: 'from', address: from.address },
    { field: 'return_path', address: returnPath },
  ].find(({ address }) => address !== '' && !maySendAs(limits, address));
  if (refused === undefined) return;
  throw new MailProxyError('forbidden', {
    detail: `this key sends no mail from ${refused.address}`,
    problems: [{ pointer: `${base}/${refused.field}`, message: 'expected a sender that the key allows' }],
  });
}
