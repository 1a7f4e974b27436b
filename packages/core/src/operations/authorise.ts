// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../errors.ts';
import { refusalOf } from './key-limits.ts';
import type { AnyOperation, Rights } from './operation.ts';
import { isTestKey, type Principal } from './principal.ts';

/**
 * Let in who may call the operation.
 *
 * @throws {MailProxyError} `unauthenticated`, `forbidden`
 */
export function authorise(
  { access, scope, forTestKeys }: Rights & Pick<AnyOperation, 'forTestKeys'>,
  principal: Principal,
): void {
  if (access === 'public') return;
  switch (principal.kind) {
    case 'anonymous':
      throw new MailProxyError('unauthenticated');
    case 'metrics':
      throw new MailProxyError('forbidden', { detail: 'this token reads metrics only' });
    case 'admin':
      return;
    case 'tenant': {
      if (access === 'token') return;
      if (scope === undefined) throw new MailProxyError('forbidden', { detail: 'only an admin token may do that' });
      const detail =
        isTestKey(principal) && forTestKeys !== true
          ? 'a test key reaches sandboxes and their mail only'
          : refusalOf(principal.limits, scope);
      if (detail !== null) throw new MailProxyError('forbidden', { detail });
      return;
    }
    default:
      principal satisfies never;
  }
}
