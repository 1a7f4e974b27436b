// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineExtension, type Extension } from '@mail-proxy/core';
import * as v from 'valibot';
import type { PecAccountStore } from './pec-accounts.store.ts';

/** Whether an account sends certified mail, as a field of the account. Null is false. */
export function accountPec(accounts: Pick<PecAccountStore, 'among' | 'put'>): Extension {
  return defineExtension({
    schema: v.boolean(),
    async load(accountPks) {
      const found = await accounts.among(accountPks);
      return new Map(accountPks.map((pk) => [pk, found.has(pk)]));
    },
    save: (accountPk, isPec) => [accounts.put(accountPk, isPec === true)],
  });
}
