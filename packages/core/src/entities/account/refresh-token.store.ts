// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../database/database.ts';
import { MailProxyError } from '../../errors.ts';
import type { Sealed } from '../../secrets/sealed-columns.ts';
import type { Sealer } from '../../secrets/sealer.ts';
import type { CoreSchema } from '../schema.ts';
import { openOAuth, sealOAuth } from './account.model.ts';
import type { AccountsTable } from './account.table.ts';

/** Refresh tokens in the accounts' rows, where a token endpoint may replace one with each use (RFC 6749 §6). */
export interface RefreshTokenStore {
  /** As it is stored now, whichever instance stored it; null where the account has none. */
  current(accountPk: string): Promise<string | null>;
  /**
   * Put `next` in the place of `used`. Where another one is stored nothing is done: somebody changed the account, or
   * another instance was first. The account's version stays, so that no connection is closed for it.
   */
  replace(accountPk: string, used: string, next: string): Promise<void>;
}

/** The row may be sealed anew between reading and writing it. */
const MAX_TRIES = 5;

export function createRefreshTokenStore(database: Database<CoreSchema>, sealer: Sealer): RefreshTokenStore {
  const read = database.prepare<{ pk: string }, Pick<AccountsTable, 'oauth'>>((k, p) =>
    k.selectFrom('accounts').select('oauth').where('pk', '=', p.pk),
  );
  // Each sealing is another text, so the old one stands for the row as it was read.
  const swap = database.prepare<{ pk: string; before: Sealed; after: Sealed }>((k, p) =>
    k.updateTable('accounts').set({ oauth: p.after }).where('pk', '=', p.pk).where('oauth', '=', p.before),
  );

  const load = async (pk: string) => {
    const [row] = await database.read(read.bind({ pk }));
    const sealed = row?.oauth ?? null;
    if (sealed === null) return null;
    const oauth = openOAuth(pk, sealed, sealer);
    if ('accessToken' in oauth || oauth.refreshToken === undefined) return null;
    return { sealed, oauth, refreshToken: oauth.refreshToken };
  };

  return {
    async current(pk) {
      return (await load(pk))?.refreshToken ?? null;
    },

    async replace(pk, used, next) {
      for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
        const stored = await load(pk);
        if (stored?.refreshToken !== used) return;
        const after = sealOAuth(pk, { ...stored.oauth, refreshToken: next }, sealer);
        const [{ changes }] = await database.write([swap.bind({ pk, before: stored.sealed, after })]);
        if (changes === 1) return;
      }
      throw new MailProxyError('conflict', { detail: 'the account keeps changing' });
    },
  };
}
