// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Kysely, sql } from 'kysely';
import { type Database, UniqueViolation } from '../../database/database.ts';
import { exactlyOne, type Prepared, type Statement } from '../../database/statement.ts';
import { isMailProxyError, MailProxyError } from '../../errors.ts';
import type { MakePk } from '../../identity.ts';
import { prepareInsertEvent } from '../message-event/message-event.store.ts';
import type { EventDetail, EventType } from '../message-event/message-event.table.ts';
import type { CoreSchema } from '../schema.ts';
import type { AccountPausesTable } from './account.table.ts';

/** What the relay, the network or a person said that put the account to rest. */
export interface PauseReason {
  /** Where in the session, as `auth`; `manual` where a person paused it. */
  readonly stage: string;
  /** Null where no reply was given. */
  readonly code: number | null;
  readonly enhanced: string | null;
  /** What the relay said, what failed, or why a person paused it. */
  readonly reply: string;
}

/**
 * An account that is left alone until `until`, and then until a probe gets through. One that a person paused goes on at
 * `until`. Times in milliseconds.
 */
export interface AccountPause {
  readonly accountPk: string;
  readonly since: number;
  /** Null where only a person ends it. */
  readonly until: number | null;
  /** In a row, the first one counted in; 0 where a person paused it. */
  readonly failures: number;
  readonly reason: PauseReason;
  /** A person paused it: no failure, no probe and no change of the account touches that. */
  readonly isByHand: boolean;
}

/** Whose pause it is. */
export interface PausedAccount {
  readonly pk: string;
  readonly tenantId: string;
  /** The client's. */
  readonly id: string;
}

export interface PauseOptions {
  readonly now: number;
  /** When a pause after so many failures ends. */
  readonly until: (failures: number) => number;
}

export interface PauseByHand {
  readonly now: number;
  /** Null for until somebody resumes it. */
  readonly until: number | null;
  /** For people; may be empty. */
  readonly reason: string;
}

/** `failures`: only a pause that failures brought about. `any`: that of a person, too. */
export type EndedPause = 'failures' | 'any';

/** Pauses of accounts, for all instances. A pause is no change of the account's settings. */
export interface AccountPauseStore {
  /**
   * Begin a pause, and tell the tenant of it by an event in the same unit; or make the one that is there longer. Who
   * loses a race against another failure gets what came of that one. A pause by hand stays as it is.
   *
   * @throws {MailProxyError} `not_found` when the account is gone, `conflict` when others keep pausing and resuming it
   */
  pause(account: PausedAccount, reason: PauseReason, options: PauseOptions): Promise<AccountPause>;
  /**
   * Pause an account for a person, in place of the pause that it has, and tell the tenant of it.
   *
   * @throws {MailProxyError} `not_found` when the account is gone
   */
  pauseByHand(account: PausedAccount, pause: PauseByHand): Promise<AccountPause>;
  /** End a pause and tell the tenant of it. @returns false where there was none of that kind */
  resume(account: PausedAccount, now: number, ended: EndedPause): Promise<boolean>;
  /** The same for a pause by hand whose time is over. */
  endOver(account: PausedAccount, now: number): Promise<boolean>;
  /** Accounts with such a pause. */
  listOver(now: number): Promise<readonly PausedAccount[]>;
  get(accountPk: string): Promise<AccountPause | null>;
  list(): Promise<readonly AccountPause[]>;
  /** Move the end of a pause after failures that is over to `until`. @returns true for the one caller who did */
  takeProbe(accountPk: string, now: number, until: number): Promise<boolean>;
}

/** The end of a pause that has none: 9999-12-31, the last time that RFC 3339 can name. */
const NO_END = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * A pause by hand has no failures. An older instance counts one, and writes an end over the one that the person gave: such
 * a pause has no end then.
 */
const UNTOUCHED = 0;

/** The stage of a pause by hand. */
const MANUAL = 'manual';

/** Others may begin and end pauses between reading and writing. */
const MAX_TRIES = 5;

export function createAccountPauseStore(database: Database<CoreSchema>, makePk: MakePk): AccountPauseStore {
  // From the account, so that one that was just deleted is a missing row and no broken reference.
  const insertInto = (k: Kysely<CoreSchema>, p: AccountPausesTable) =>
    k
      .insertInto('account_pauses')
      .columns(['account_pk', 'since', 'until_at', 'failures', 'reason', 'by_hand'])
      .expression((eb) =>
        eb
          .selectFrom('accounts')
          .select([
            'accounts.pk',
            eb.val(p.since).as('since'),
            eb.val(p.until_at).as('until_at'),
            eb.val(p.failures).as('failures'),
            eb.val(p.reason).as('reason'),
            eb.val(p.by_hand).as('by_hand'),
          ])
          .where('accounts.pk', '=', p.account_pk),
      );
  const insert = database.prepare<AccountPausesTable>(insertInto);
  const replace = database.prepare<AccountPausesTable>((k, p) =>
    insertInto(k, p).onConflict((conflict) =>
      conflict.column('account_pk').doUpdateSet((eb) => ({
        since: eb.ref('excluded.since'),
        until_at: eb.ref('excluded.until_at'),
        failures: eb.ref('excluded.failures'),
        reason: eb.ref('excluded.reason'),
        by_hand: eb.ref('excluded.by_hand'),
      })),
    ),
  );
  const lengthen = database.prepare<Omit<AccountPausesTable, 'since' | 'by_hand'> & { readonly before: number }>(
    (k, p) =>
      k
        .updateTable('account_pauses')
        .set({ until_at: p.until_at, failures: p.failures, reason: p.reason })
        .where('account_pk', '=', p.account_pk)
        .where('failures', '=', p.before)
        .where('by_hand', '=', sql.lit(0)),
  );
  const remove = database.prepare<{ account_pk: string }>((k, p) =>
    k.deleteFrom('account_pauses').where('account_pk', '=', p.account_pk),
  );
  const removeAfterFailures = database.prepare<{ account_pk: string }>((k, p) =>
    k.deleteFrom('account_pauses').where('account_pk', '=', p.account_pk).where('by_hand', '=', sql.lit(0)),
  );
  const removeOver = database.prepare<{ account_pk: string; now: number }>((k, p) =>
    k
      .deleteFrom('account_pauses')
      .where('account_pk', '=', p.account_pk)
      .where('by_hand', '=', sql.lit(1))
      .where('failures', '=', sql.lit(UNTOUCHED))
      .where('until_at', '<=', p.now),
  );
  const over = database.prepare<{ now: number }, PausedAccount>((k, p) =>
    k
      .selectFrom('account_pauses')
      .innerJoin('accounts', 'accounts.pk', 'account_pauses.account_pk')
      .select(['accounts.pk', 'accounts.tenant_id as tenantId', 'accounts.id'])
      .where('by_hand', '=', sql.lit(1))
      .where('failures', '=', sql.lit(UNTOUCHED))
      .where('until_at', '<=', p.now)
      .orderBy('accounts.pk'),
  );
  const find = database.prepare<{ account_pk: string }, AccountPausesTable>((k, p) =>
    k.selectFrom('account_pauses').selectAll().where('account_pk', '=', p.account_pk),
  );
  const all = database.prepare<object, AccountPausesTable>((k) =>
    k.selectFrom('account_pauses').selectAll().orderBy('account_pk'),
  );
  const takeProbe = database.prepare<{ account_pk: string; now: number; until_at: number }>((k, p) =>
    k
      .updateTable('account_pauses')
      .set({ until_at: p.until_at })
      .where('account_pk', '=', p.account_pk)
      .where('by_hand', '=', sql.lit(0))
      .where('until_at', '<=', p.now),
  );
  const insertEvent = prepareInsertEvent(database);

  const event = (
    account: PausedAccount,
    type: EventType,
    told: { readonly at: number; readonly detail: EventDetail },
  ) =>
    insertEvent.bind({
      pk: makePk(),
      tenant_id: account.tenantId,
      message_pk: null,
      account_pk: account.pk,
      type,
      at: told.at,
      attempt: 0,
      detail: JSON.stringify({ accountId: account.id, ...told.detail }),
      seq: null,
    });

  const get = async (accountPk: string): Promise<AccountPause | null> => {
    const [row] = await database.read(find.bind({ account_pk: accountPk }));
    return row === undefined ? null : pauseOf(row);
  };

  const begin = async (
    account: PausedAccount,
    pause: AccountPause,
    statement: Prepared<AccountPausesTable, unknown> = insert,
  ): Promise<void> => {
    const { since: at, until, reason } = pause;
    const detail = { ...(until === null ? {} : { until }), reason: pauseReasonText(reason) };
    await database.write([
      exactlyOne(statement.bind(rowOf(pause)), 'not_found'),
      event(account, 'account_paused', { at, detail }),
    ]);
  };

  const end = async (account: PausedAccount, now: number, removed: Statement): Promise<boolean> => {
    try {
      await database.write([
        exactlyOne(removed, 'not_found'),
        event(account, 'account_resumed', { at: now, detail: {} }),
      ]);
      return true;
    } catch (error) {
      if (isMailProxyError(error, 'not_found')) return false;
      throw error;
    }
  };

  const endOver = (account: PausedAccount, now: number): Promise<boolean> =>
    end(account, now, removeOver.bind({ account_pk: account.pk, now }));

  const makeLonger = async (pause: AccountPause): Promise<void> => {
    await database.write([exactlyOne(lengthen.bind({ ...rowOf(pause), before: pause.failures - 1 }), 'conflict')]);
  };

  return {
    async pause(account, reason, { now, until }) {
      let current = await get(account.pk);
      for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
        if (current?.isByHand === true) {
          if (!isOver(current, now)) return current;
          await endOver(account, now);
          current = null;
        }
        const failures = (current?.failures ?? 0) + 1;
        const since = current?.since ?? now;
        const pause: AccountPause = {
          accountPk: account.pk,
          since,
          until: until(failures),
          failures,
          reason,
          isByHand: false,
        };
        try {
          await (current === null ? begin(account, pause) : makeLonger(pause));
          return pause;
        } catch (error) {
          const isRace = error instanceof UniqueViolation || isMailProxyError(error, 'conflict');
          if (!isRace) throw error;
        }
        current = await get(account.pk);
        if (current !== null) return current;
      }
      throw new MailProxyError('conflict', { detail: 'others keep pausing and resuming the account' });
    },

    async pauseByHand(account, { now, until, reason: reply }) {
      const reason: PauseReason = { stage: MANUAL, code: null, enhanced: null, reply };
      const pause = { accountPk: account.pk, since: now, until, failures: 0, reason, isByHand: true };
      await begin(account, pause, replace);
      return pause;
    },

    resume(account, now, ended) {
      return end(account, now, (ended === 'any' ? remove : removeAfterFailures).bind({ account_pk: account.pk }));
    },

    endOver,

    listOver(now) {
      return database.read(over.bind({ now }));
    },

    get,

    async list() {
      return (await database.read(all.bind({}))).map(pauseOf);
    },

    async takeProbe(accountPk, now, until) {
      const [{ changes }] = await database.write([takeProbe.bind({ account_pk: accountPk, now, until_at: until })]);
      return changes === 1;
    },
  };
}

/** A pause that was joined to its account; all null where there is none. */
export type PauseColumns = {
  readonly [Column in Exclude<keyof AccountPausesTable, 'account_pk'>]: AccountPausesTable[Column] | null;
};

export function pauseIn(accountPk: string | null, columns: PauseColumns): AccountPause | null {
  const { since, until_at, failures, reason, by_hand } = columns;
  if (accountPk === null || since === null || until_at === null) return null;
  if (failures === null || reason === null || by_hand === null) return null;
  return pauseOf({ account_pk: accountPk, since, until_at, failures, reason, by_hand });
}

export function pauseOf(row: AccountPausesTable): AccountPause {
  const { account_pk, until_at, reason, since, failures } = row;
  const isByHand = row.by_hand === 1;
  const isWrittenOver = isByHand && failures !== UNTOUCHED;
  return {
    accountPk: account_pk,
    since,
    until: isWrittenOver || until_at === NO_END ? null : until_at,
    failures,
    // The column holds what this store wrote itself.
    reason: JSON.parse(reason) as PauseReason,
    isByHand,
  };
}

/** Whether it is a pause by hand whose time is over: the account sends, and the tenant is told soon. */
export function isOver({ isByHand, until }: AccountPause, now: number): boolean {
  return isByHand && until !== null && until <= now;
}

/** What happened, in one line for a person. */
export function pauseReasonText({ stage, code, enhanced, reply }: PauseReason): string {
  if (stage === MANUAL) return reply === '' ? 'paused by hand' : `paused by hand: ${reply}`;
  const said = [code, enhanced, reply].filter((part) => part !== null && part !== '');
  return `${stage}: ${said.join(' ')}`;
}

function rowOf({ accountPk, until, reason, since, failures, isByHand }: AccountPause): AccountPausesTable {
  return {
    account_pk: accountPk,
    since,
    until_at: until ?? NO_END,
    failures,
    reason: JSON.stringify(reason),
    by_hand: isByHand ? 1 : 0,
  };
}
