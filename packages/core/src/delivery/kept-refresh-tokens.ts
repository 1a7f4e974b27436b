// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { RefreshTokenStore } from '../entities/account/refresh-token.store.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { RefreshTokens } from '../smtp/refreshing-client.ts';

/**
 * The accounts' refresh tokens for who asks for tokens. While the database is away a token is asked for all the same,
 * and what the endpoint gave is stored later.
 */
export function keptRefreshTokens(store: RefreshTokenStore, log: Log): RefreshTokens {
  return {
    async current(accountPk) {
      try {
        return await store.current(accountPk);
      } catch (error) {
        if (!isMailProxyError(error)) throw error;
        log.warn({ accountPk, code: error.code }, 'the refresh token of an account could not be read');
        return null;
      }
    },
    async replace(accountPk, used, next) {
      try {
        await store.replace(accountPk, used, next);
        return true;
      } catch (error) {
        if (!isMailProxyError(error)) throw error;
        log.warn({ accountPk, code: error.code }, 'a new refresh token could not be stored and is tried again');
        return false;
      }
    },
  };
}
