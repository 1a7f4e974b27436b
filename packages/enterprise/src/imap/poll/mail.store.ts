// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { exactlyOne, type Statement } from '@mail-proxy/core';
import type { MailboxError } from '../mailbox/mailbox.model.ts';
import type { ImapDatabase } from '../mailbox/mailbox.statements.ts';
import type { ImapMailsTable, ImapPositionsTable, MailboxCondition } from '../mailbox/mailbox.table.ts';
import { prepareMailStatements } from './mail.statements.ts';

/** What a step adds to the mailbox's counts. */
export type Counted = 'handled' | 'ignored' | 'repeated' | null;

export interface CheckOutcome {
  readonly condition: MailboxCondition;
  readonly error: MailboxError | null;
  readonly failures: number;
  readonly nextAt: number;
  readonly now: number;
  /** Of the settings that were tried; nothing is written where they are others by now. */
  readonly version: number;
}

/** How far mailboxes were read, and what became of each mail. */
export interface MailStore {
  position(mailboxPk: string): Promise<ImapPositionsTable | null>;
  /** Read the folder anew from its first mail: its UIDs mean something else now. */
  restart(
    mailboxPk: string,
    start: Pick<ImapPositionsTable, 'place' | 'reread_below' | 'forgotten_until'> & { readonly uidvalidity: number },
  ): Promise<void>;
  /** The record of this content; else of this Message-ID under another UIDVALIDITY. */
  findByHash(mailboxPk: string, hash: string): Promise<ImapMailsTable | null>;
  findByMessageId(mailboxPk: string, messageId: string, uidvalidity: number): Promise<ImapMailsTable | null>;
  /**
   * Step over the mail in the unit that writes what became of it.
   *
   * @throws {MailProxyError} `lease_lost` where somebody else stepped over it
   * @throws {UniqueViolation} for a content that has a record
   */
  pass(
    at: { readonly mailboxPk: string; readonly place: string; readonly uidvalidity: number; readonly uid: number },
    { row, counted, statements }: Passed,
  ): Promise<void>;
  /** A mail that is known lies under this UID now. */
  meet(known: ImapMailsTable, place: { readonly uid: number; readonly uidvalidity: number }): Statement;
  /** What became of a mail that was tried again. @throws {MailProxyError} `lease_lost` where somebody else did */
  retried(before: ImapMailsTable, { row, counted, statements }: Passed): Promise<void>;
  due(mailboxPk: string, uidvalidity: number, now: number): Promise<readonly ImapMailsTable[]>;
  /** When the next mail is to be tried again; null where none is. */
  nextDue(mailboxPk: string): Promise<number | null>;
  toDispose(mailboxPk: string, uidvalidity: number): Promise<readonly ImapMailsTable[]>;
  disposed(mailboxPk: string, uidvalidity: number, uid: number): Promise<void>;
  /** Mail is handled from now on, until the check is over. */
  reading(mailboxPk: string): Promise<void>;
  stuck(mailboxPk: string, uid: number, tries: number): Promise<void>;
  checked(mailboxPk: string, outcome: CheckOutcome): Promise<void>;
  /** Mailboxes that somebody wants checked, since then. */
  asked(since: number): Promise<readonly { readonly mailbox_pk: string; readonly asked_at: number }[]>;
  /** Remove what is older, of mail that was passed. */
  prune(
    mailboxPk: string,
    position: { readonly uidvalidity: number; readonly before: number; readonly now: number },
  ): Promise<number>;
}

export interface Passed {
  /** Null where nothing is to be known of it. */
  readonly row: ImapMailsTable | null;
  readonly counted: Counted;
  readonly statements: readonly Statement[];
}

/** Mail that is marked, moved or deleted with one command. */
export const DISPOSE_ROWS = 200;
const DUE_ROWS = 20;
/** One unit must not hold others up. */
const PRUNE_ROWS = 1_000;

export function createMailStore(database: ImapDatabase): MailStore {
  const s = prepareMailStatements(database);
  const first = async <Row>(statement: Statement<Row>): Promise<Row | null> =>
    (await database.read(statement))[0] ?? null;

  const step = (counted: Counted, { handled, ignored, repeated } = NONE): typeof NONE => ({
    handled: handled + (counted === 'handled' ? 1 : 0),
    ignored: ignored + (counted === 'ignored' ? 1 : 0),
    repeated: repeated + (counted === 'repeated' ? 1 : 0),
  });

  return {
    position: (mailbox_pk) => first(s.position.bind({ mailbox_pk })),

    async restart(mailbox_pk, start) {
      await database.write([
        s.restart.bind({ mailbox_pk, ...start }),
        // Without content nobody can say which mail it was; it is met again.
        s.forgetUnread.bind({ mailbox_pk }),
        s.detach.bind({ mailbox_pk }),
      ]);
    },

    findByHash: (mailbox_pk, hash) => first(s.byHash.bind({ mailbox_pk, hash })),
    findByMessageId: (mailbox_pk, message_id, uidvalidity) =>
      first(s.byMessageId.bind({ mailbox_pk, message_id, uidvalidity })),

    async pass({ mailboxPk, place, uidvalidity, uid }, { row, counted, statements }) {
      await database.write([
        exactlyOne(s.advance.bind({ mailbox_pk: mailboxPk, place, uidvalidity, uid, ...step(counted) }), 'lease_lost'),
        ...(row === null ? [] : [s.insert.bind(row)]),
        ...statements,
      ]);
    },

    meet: ({ pk, state }, { uid, uidvalidity }) =>
      s.meet.bind({ pk, uid, uidvalidity, is_to_dispose: state === 'handled' ? 1 : 0 }),

    async retried(before, { row, counted, statements }) {
      const { pk, mailbox_pk, attempts } = before;
      const change =
        row === null
          ? s.remove.bind({ pk, attempts_before: attempts })
          : s.replace.bind({ ...row, pk, attempts_before: attempts });
      await database.write([
        exactlyOne(change, 'lease_lost'),
        s.count.bind({ mailbox_pk, ...step(counted) }),
        ...statements,
      ]);
    },

    due: (mailbox_pk, uidvalidity, now) => database.read(s.due.bind({ mailbox_pk, uidvalidity, now, rows: DUE_ROWS })),

    async nextDue(mailbox_pk) {
      return (await first(s.nextDue.bind({ mailbox_pk })))?.next_at ?? null;
    },

    toDispose: (mailbox_pk, uidvalidity) =>
      database.read(s.toDispose.bind({ mailbox_pk, uidvalidity, rows: DISPOSE_ROWS })),

    async disposed(mailbox_pk, uidvalidity, uid) {
      await database.write([s.disposed.bind({ mailbox_pk, uidvalidity, uid })]);
    },

    async reading(mailbox_pk) {
      await database.write([s.reading.bind({ mailbox_pk })]);
    },

    async stuck(mailbox_pk, stuck_uid, stuck_tries) {
      await database.write([s.stuck.bind({ mailbox_pk, stuck_uid, stuck_tries })]);
    },

    async checked(mailbox_pk, { condition, error, failures, nextAt, now, version }) {
      const shown = { version, condition, failures, error: error === null ? null : JSON.stringify(error) };
      const at = { next_check_at: nextAt, last_check_at: now };
      await database.write([
        condition === 'ok'
          ? s.wentThrough.bind({ mailbox_pk, ...shown, ...at, last_ok_at: now })
          : s.failed.bind({ mailbox_pk, ...shown, ...at }),
      ]);
    },

    asked: (since) => database.read(s.asked.bind({ since })),

    async prune(mailbox_pk, { uidvalidity, before, now }) {
      let removed = 0;
      for (;;) {
        const [{ changes }] = await database.write([
          s.prune.bind({ mailbox_pk, uidvalidity, before, rows: PRUNE_ROWS }),
          s.pruned.bind({ mailbox_pk, pruned_at: now, forgotten_until: before }),
        ]);
        removed += changes;
        if (changes < PRUNE_ROWS) return removed;
      }
    },
  };
}

const NONE = { handled: 0, ignored: 0, repeated: 0 };
