// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Database, UniqueViolation } from '../../database/database.ts';
import { exactlyOne } from '../../database/statement.ts';
import { isMailProxyError, MailProxyError } from '../../errors.ts';
import type { MakePk } from '../../identity.ts';
import { prepareInsertEvent } from '../message-event/message-event.store.ts';
import type { EventDetail, EventType } from '../message-event/message-event.table.ts';
import type { CoreSchema } from '../schema.ts';
import type { AccountPausesTable } from './account.table.ts';

/** What the relay or the network said that put the account to rest. */
export interface PauseReason {
  /** Where in the session, as `auth`. */
  readonly stage: string;
  /** Null where no reply was given. */
  readonly code: number | null;
  readonly enhanced: string | null;
  /** What the relay said, or what failed. */
  readonly reply: string;
}

/** An account that is left alone until `until`, and then until a probe gets through. Times in milliseconds. */
export interface AccountPause {
  readonly accountPk: string;
  readonly since: number;
  readonly until: number;
  /** In a row, the first one counted in. */
  readonly failures: number;
  readonly reason: PauseReason;
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

/** Pauses of accounts, for all instances. A pause is no change of the account's settings. */
export interface AccountPauseStore {
  /**
   * Begin a pause, and tell the tenant of it by an event in the same unit; or make the one that is there longer. Who
   * loses a race against another failure gets what came of that one.
   *
   * @throws {MailProxyError} `not_found` when the account is gone, `conflict` when others keep pausing and resuming it
   */
  pause(account: PausedAccount, reason: PauseReason, options: PauseOptions): Promise<AccountPause>;
  /** End a pause and tell the tenant of it. @returns false where there was none */
  resume(account: PausedAccount, now: number): Promise<boolean>;
  get(accountPk: string): Promise<AccountPause | null>;
  list(): Promise<readonly AccountPause[]>;
  /** Move the end of a pause that is over to `until`. @returns true for the one caller who did */
  takeProbe(accountPk: string, now: number, until: number): Promise<boolean>;
}

/** Others may begin and end pauses between reading and writing. */
const MAX_TRIES = 5;

export function createAccountPauseStore(database: Database<CoreSchema>, makePk: MakePk): AccountPauseStore {
  // From the account, so that one that was just deleted is a missing row and no broken reference.
  const insert = database.prepare<AccountPausesTable>((k, p) =>
    k
      .insertInto('account_pauses')
      .columns(['account_pk', 'since', 'until_at', 'failures', 'reason'])
      .expression((eb) =>
        eb
          .selectFrom('accounts')
          .select([
            'accounts.pk',
            eb.val(p.since).as('since'),
            eb.val(p.until_at).as('until_at'),
            eb.val(p.failures).as('failures'),
            eb.val(p.reason).as('reason'),
          ])
          .where('accounts.pk', '=', p.account_pk),
      ),
  );
  const lengthen = database.prepare<Omit<AccountPausesTable, 'since'> & { readonly before: number }>((k, p) =>
    k
      .updateTable('account_pauses')
      .set({ until_at: p.until_at, failures: p.failures, reason: p.reason })
      .where('account_pk', '=', p.account_pk)
      .where('failures', '=', p.before),
  );
  const remove = database.prepare<{ account_pk: string }>((k, p) =>
    k.deleteFrom('account_pauses').where('account_pk', '=', p.account_pk),
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

  const begin = async (account: PausedAccount, pause: AccountPause): Promise<void> => {
    const detail = { until: pause.until, reason: pauseReasonText(pause.reason) };
    await database.write([
      exactlyOne(insert.bind(rowOf(pause)), 'not_found'),
      event(account, 'account_paused', { at: pause.since, detail }),
    ]);
  };

  const makeLonger = async (pause: AccountPause): Promise<void> => {
    await database.write([exactlyOne(lengthen.bind({ ...rowOf(pause), before: pause.failures - 1 }), 'conflict')]);
  };

  return {
    async pause(account, reason, { now, until }) {
      let current = await get(account.pk);
      for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
        const failures = (current?.failures ?? 0) + 1;
        const since = current?.since ?? now;
        const pause: AccountPause = { accountPk: account.pk, since, until: until(failures), failures, reason };
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

    async resume(account, now) {
      try {
        await database.write([
          exactlyOne(remove.bind({ account_pk: account.pk }), 'not_found'),
          event(account, 'account_resumed', { at: now, detail: {} }),
        ]);
        return true;
      } catch (error) {
        if (isMailProxyError(error, 'not_found')) return false;
        throw error;
      }
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

export function pauseOf({ account_pk, until_at, reason, since, failures }: AccountPausesTable): AccountPause {
  // The column holds what this store wrote itself.
  return { accountPk: account_pk, since, until: until_at, failures, reason: JSON.parse(reason) as PauseReason };
}

/** What happened, in one line for a person. */
export function pauseReasonText({ stage, code, enhanced, reply }: PauseReason): string {
  const said = [code, enhanced, reply].filter((part) => part !== null && part !== '');
  return `${stage}: ${said.join(' ')}`;
}

function rowOf({ accountPk, until, reason, since, failures }: AccountPause): AccountPausesTable {
  return { account_pk: accountPk, since, until_at: until, failures, reason: JSON.stringify(reason) };
}
