// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, CoreSchema, Database, Statement } from '@mail-proxy/core';
import type { PecAccountsTable, PecSchema } from '../pec.table.ts';

/** Which accounts send certified mail. Accounts are known by their primary key: a client's id may be in several tenants. */
export interface PecAccountStore {
  /** Those of these accounts that do. */
  among(accountPks: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Whether one does: at once, where that was read within seconds. What another instance changed is known by then, what this
   * one changed at once. Rejects where it cannot be read: nobody is taken for an account for ordinary mail unread.
   */
  recent(accountPk: string): boolean | Promise<boolean>;
  /** To be written. */
  put(accountPk: string, isPec: boolean): Statement;
}

/** How long another instance may go by what was changed (milliseconds). */
const KEPT_MS = 5_000;

/** In which a change is surely committed, or given up (milliseconds). Until then its account is read by itself each time. */
const CHANGING_MS = 60_000;

type Readable = Pick<Database<CoreSchema & PecSchema>, 'prepare' | 'read' | 'readAll'>;

export function createPecAccountStore(database: Readable, clock: Clock): PecAccountStore {
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
  const all = database.prepare<object, PecAccountsTable>((k) => k.selectFrom('pec_accounts').selectAll());

  /** All that do, few among many accounts: one query in seconds, however many accounts are asked for. */
  let kept: { readonly flagged: ReadonlySet<string>; readonly until: number } | null = null;
  let reading: Promise<ReadonlySet<string>> | null = null;
  /** What is changed here, and until when that counts as under way: what is read of all may be older. */
  const changing = new Map<string, number>();

  const read = async (account_pk: string): Promise<boolean> =>
    (await database.read(find.bind({ account_pk }))).length > 0;
  const readAll = async (): Promise<ReadonlySet<string>> => {
    const startedAt = clock.monotonic();
    const rows = await database.read(all.bind({}));
    const flagged = new Set(rows.map(({ account_pk }) => account_pk));
    for (const [accountPk, until] of changing) if (until <= startedAt) changing.delete(accountPk);
    kept = { flagged, until: startedAt + KEPT_MS };
    return flagged;
  };
  const readAllOnce = (): Promise<ReadonlySet<string>> => {
    reading ??= readAll().finally(() => {
      reading = null;
    });
    return reading;
  };

  return {
    async among(accountPks) {
      const found = await database.readAll(accountPks.map((account_pk) => find.bind({ account_pk })));
      return new Set(found.flatMap(({ rows }) => rows.map(({ account_pk }) => account_pk)));
    },
    recent(accountPk) {
      const now = clock.monotonic();
      if ((changing.get(accountPk) ?? now) > now) return read(accountPk);
      if (kept !== null && kept.until > now) return kept.flagged.has(accountPk);
      return readAllOnce().then((flagged) => flagged.has(accountPk));
    },
    put(accountPk, isPec) {
      changing.set(accountPk, clock.monotonic() + CHANGING_MS);
      return (isPec ? insert : remove).bind({ account_pk: accountPk });
    },
  };
}
