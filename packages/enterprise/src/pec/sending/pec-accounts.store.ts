// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, CoreSchema, Database, Statement } from '@mail-proxy/core';
import type { PecAccountsTable, PecSchema } from '../pec.table.ts';

/** Which accounts send certified mail. Accounts are known by their primary key: a client's id may be in several tenants. */
export interface PecAccountStore {
  /** Those of these accounts that do. */
  among(accountPks: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether one does. What another instance changed is known within seconds, what this one changed at once. */
  recent(accountPk: string): Promise<boolean>;
  /** To be written. */
  put(accountPk: string, isPec: boolean): Statement;
}

/** How long another instance may go by what was changed (milliseconds). */
const KEPT_MS = 5_000;
const MAX_KEPT = 10_000;

interface Kept {
  /** Null: it is about to be changed here, so that what is read now may be old in a moment. */
  readonly isPec: Promise<boolean> | null;
  /** On the monotonic clock. */
  readonly until: number;
}

export function createPecAccountStore(database: Database<CoreSchema & PecSchema>, clock: Clock): PecAccountStore {
  const find = database.prepare<PecAccountsTable, PecAccountsTable>((k, p) =>
    k.selectFrom('pec_accounts').selectAll().where('account_pk', '=', p.account_pk),
  );
  const insert = database.prepare<PecAccountsTable>((k, p) =>
    k
      .insertInto('pec_accounts')
      .values({ account_pk: p.account_pk })
      .onConflict((conflict) => conflict.column('account_pk').doNothing()),
  );
  const remove = database.prepare<PecAccountsTable>((k, p) =>
    k.deleteFrom('pec_accounts').where('account_pk', '=', p.account_pk),
  );
  const kept = new Map<string, Kept>();

  const read = async (account_pk: string): Promise<boolean> =>
    (await database.read(find.bind({ account_pk }))).length > 0;
  const keep = (accountPk: string, isPec: Kept['isPec']): void => {
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(accountPk, { isPec, until: clock.monotonic() + KEPT_MS });
  };

  return {
    async among(accountPks) {
      const found = await database.readAll(accountPks.map((account_pk) => find.bind({ account_pk })));
      return new Set(found.flatMap(({ rows }) => rows.map(({ account_pk }) => account_pk)));
    },
    recent(accountPk) {
      const known = kept.get(accountPk);
      if (known !== undefined && known.until > clock.monotonic()) return known.isPec ?? read(accountPk);
      const isPec = read(accountPk);
      keep(accountPk, isPec);
      // Whoever asked is told; whoever asks next reads anew.
      isPec.catch(() => {
        if (kept.get(accountPk)?.isPec === isPec) kept.delete(accountPk);
      });
      return isPec;
    },
    put(accountPk, isPec) {
      keep(accountPk, null);
      return (isPec ? insert : remove).bind({ account_pk: accountPk });
    },
  };
}
