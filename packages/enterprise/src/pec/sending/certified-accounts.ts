// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PecAccountStore } from './pec-accounts.store.ts';

/** What the mixin `pec` hands to later ones: which accounts send certified mail. */
export class CertifiedAccounts {
  /**
   * Whether one does, by its primary key: at once, where that was read within seconds. Rejects where it cannot be read.
   */
  readonly isCertified: (accountPk: string) => boolean | Promise<boolean>;

  constructor(accounts: Pick<PecAccountStore, 'recent'>) {
    this.isCertified = (accountPk) => accounts.recent(accountPk);
  }
}

/** What the mixin `pec` handed out; null where it is not there, or stands later in the list. */
export function certifiedAccountsOf(context: { provided(mixinId: string): unknown }): CertifiedAccounts | null {
  const provided = context.provided('pec');
  return provided instanceof CertifiedAccounts ? provided : null;
}
