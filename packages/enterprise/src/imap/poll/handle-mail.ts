// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, isMailProxyError, type Log, type MakePk, UniqueViolation } from '@mail-proxy/core';
import type { MailReader, Reading } from '../mail-readers.ts';
import { folderOf, type Mailbox } from '../mailbox/mailbox.model.ts';
import type { ImapMailsTable, ImapPositionsTable } from '../mailbox/mailbox.table.ts';
import type { ImapSession, MailHead } from './imap-session.ts';
import { LargeMails, type LargeMailsParts } from './large-mails.ts';
import type { MailStore, Passed } from './mail.store.ts';
import { MailboxFailure, nameOf } from './mailbox-failure.ts';
import { type FetchedMail, fetchMail } from './read-mail.ts';

export interface HandleMailParts extends LargeMailsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly makePk: MakePk;
  readonly mails: MailStore;
  readonly readersOf: (mailbox: Mailbox) => readonly MailReader[];
}

/** In which session, and how far the mailbox was read when it began. */
export interface Handling {
  readonly session: Pick<ImapSession, 'piece' | 'head'>;
  readonly mailbox: Mailbox;
  readonly position: ImapPositionsTable;
  readonly uidvalidity: number;
  readonly signal: AbortSignal;
}

const BROKE = 'the connection broke, or the process ended, each time it was tried';
const TAKEN = { stage: 'mailbox', code: 'taken', message: 'another instance handled mail of this mailbox meanwhile' };

/** Connections that may break at one mail before it is left for later. */
const STUCK_TRIES = 3;
/** Tries before a mail is set aside; the delay between them grows from a minute by four: 85 minutes in all. */
const MAX_TRIES = 5;
const FIRST_DELAY_MS = 60_000;
/** A reader that takes longer never comes to an end. */
const READER_MS = 60_000;

/** Hands mail to its readers, and writes what became of it in the unit that steps over it. */
export class HandleMail {
  readonly #p: HandleMailParts;
  readonly #large: LargeMails;

  constructor(parts: HandleMailParts) {
    this.#p = parts;
    this.#large = new LargeMails(parts);
  }

  /**
   * Handle mail that was not looked at.
   *
   * @throws {MailboxFailure} where the connection, and {MailProxyError} where the database is to blame
   */
  async next(handling: Handling, head: MailHead): Promise<void> {
    const { mails } = this.#p;
    const { position, mailbox, uidvalidity } = handling;
    const tries = position.stuck_uid === head.uid ? position.stuck_tries : 0;
    const place = { mailboxPk: mailbox.pk, place: folderOf(mailbox), uidvalidity, uid: head.uid };
    if (tries >= STUCK_TRIES) {
      const row = this.#failed(this.#blank(handling, head), tries, BROKE);
      return mails.pass(place, { row, counted: null, statements: [] });
    }
    // Should it end the process, that is known.
    if (position.is_reading === 1) await mails.stuck(mailbox.pk, head.uid, tries + 1);
    try {
      await this.#next(handling, head, { place, tries });
    } catch (error) {
      if (position.is_reading === 1 && isNoTry(error, handling)) {
        await this.#restored(handling, mails.stuck(mailbox.pk, head.uid, tries));
      }
      throw error;
    }
  }

  async #next(handling: Handling, head: MailHead, { place, tries }: NextMail): Promise<void> {
    const { mails } = this.#p;
    using held = new DisposableStack();
    const mail = await this.#fetch(handling, head, { tries, held });
    if (mail === null) return mails.pass(place, { row: null, counted: null, statements: [] });
    const known = await this.#known(handling, mail);
    if (known !== 'new') {
      if (known === 'forgotten') return mails.pass(place, { row: null, counted: 'repeated', statements: [] });
      if (known.is_to_dispose === 0 || known.uidvalidity !== place.uidvalidity) {
        return mails.pass(place, { row: null, counted: 'repeated', statements: [mails.meet(known, place)] });
      }
      // Both lie in the folder, and both are to be disposed of; the content is the first one's.
      const copy = { ...this.#blank(handling, head), message_id: known.message_id, state: known.state };
      const row: ImapMailsTable = { ...copy, is_to_dispose: 1 };
      return mails.pass(place, { row, counted: 'repeated', statements: [] });
    }
    const blank = { ...this.#blank(handling, head), hash: mail.hash, message_id: mail.messageId };
    await this.#handle(handling, { mail, blank, tries: 0, write: (passed) => mails.pass(place, passed) });
  }

  /** Try mail again that failed before. */
  async again(handling: Handling, failed: ImapMailsTable): Promise<void> {
    const { mails } = this.#p;
    // What becomes of it if this is the end of the connection, or of the process.
    const before = this.#failed(failed, failed.attempts + 1, BROKE);
    await mails.retried(failed, { row: before, counted: null, statements: [] });
    try {
      await this.#again(handling, failed, before);
    } catch (error) {
      if (isNoTry(error, handling)) {
        await this.#restored(handling, mails.retried(before, { row: failed, counted: null, statements: [] }));
      }
      throw error;
    }
  }

  async #again(handling: Handling, failed: ImapMailsTable, before: ImapMailsTable): Promise<void> {
    const { mails, clock } = this.#p;
    const write = (passed: Passed): Promise<void> => mails.retried(before, passed);
    const head = await handling.session.head(before.uid);
    using held = new DisposableStack();
    const mail = head && (await fetchMail(handling.session, headOf(head, clock), this.#large.boundsOf(handling, held)));
    if (mail === null) {
      const row: ImapMailsTable = { ...before, state: 'gone', next_at: null, error: null, at: clock.now() };
      return write({ row, counted: null, statements: [] });
    }
    const known = before.hash === null ? await mails.findByHash(handling.mailbox.pk, mail.hash) : null;
    if (known !== null) return write({ row: null, counted: 'repeated', statements: [] });
    const { hash, messageId, sizeBytes } = mail;
    const blank = { ...before, hash, message_id: messageId, size_bytes: sizeBytes };
    await this.#handle(handling, { mail, blank, tries: failed.attempts, write });
  }

  /** The count of tries as it was; left as it is where the database cannot write it. */
  async #restored({ mailbox }: Handling, written: Promise<void>): Promise<void> {
    await written.catch((error: unknown) => {
      this.#p.log.warn({ mailboxPk: mailbox.pk, err: error }, 'a try of mail that was none was counted');
    });
  }

  async #handle(
    handling: Handling,
    {
      mail,
      blank,
      tries,
      write,
    }: {
      readonly mail: FetchedMail;
      readonly blank: ImapMailsTable;
      readonly tries: number;
      readonly write: (passed: Passed) => Promise<void>;
    },
  ): Promise<void> {
    const { log } = this.#p;
    const { pk: mailboxPk } = handling.mailbox;
    try {
      const reading = await this.#read(handling, mail);
      await write(this.#done(handling.mailbox, blank, reading));
      await this.#afterCommit(reading, mailboxPk);
    } catch (error) {
      if (isOfDatabase(error)) throw error;
      if (await this.#isTaken(handling, mail)) throw new MailboxFailure(TAKEN, { cause: error });
      log.error({ mailboxPk, uid: mail.uid, attempt: tries + 1, err: error }, 'mail of a mailbox could not be handled');
      await this.#writeFailure(this.#failed(blank, tries + 1, nameOf(error)), write);
    }
  }

  /** Without what the mail says of itself if that cannot be written, or it would hold up the mailbox for ever. */
  async #writeFailure(row: ImapMailsTable, write: (passed: Passed) => Promise<void>): Promise<void> {
    try {
      await write({ row, counted: null, statements: [] });
    } catch (error) {
      if (isOfDatabase(error) || row.message_id === null) throw error;
      await write({ row: { ...row, message_id: null }, counted: null, statements: [] });
    }
  }

  async #fetch(
    handling: Handling,
    head: MailHead,
    { tries, held }: { readonly tries: number; readonly held: DisposableStack },
  ): Promise<FetchedMail | null> {
    const { session, mailbox, signal } = handling;
    const { mails, clock } = this.#p;
    try {
      return await fetchMail(session, headOf(head, clock), this.#large.boundsOf(handling, held));
    } catch (error) {
      if (!(error instanceof MailboxFailure) || signal.aborted) throw error;
      await mails.stuck(mailbox.pk, head.uid, tries + 1);
      throw error;
    }
  }

  /** The record of the same mail; `forgotten` where it is presumed that there was one. */
  async #known(
    { mailbox, position, uidvalidity }: Handling,
    { uid, hash, messageId, receivedAt }: FetchedMail,
  ): Promise<ImapMailsTable | 'forgotten' | 'new'> {
    const { mails } = this.#p;
    const same = await mails.findByHash(mailbox.pk, hash);
    if (same !== null) return same;
    if (uid >= position.reread_below) return 'new';
    const sent = messageId === null ? null : await mails.findByMessageId(mailbox.pk, messageId, uidvalidity);
    if (sent !== null) return sent;
    return receivedAt !== null && receivedAt < position.forgotten_until ? 'forgotten' : 'new';
  }

  async #read({ mailbox, uidvalidity }: Handling, mail: FetchedMail): Promise<Reading | null> {
    const { raw, isTruncated, sizeBytes, uid, messageId, hash } = mail;
    const { pk, tenantId, accountPk } = mailbox;
    const receivedAt = mail.receivedAt ?? this.#p.clock.now();
    const known = { uid, uidvalidity, messageId, hash, receivedAt, mailbox: { pk, tenantId, accountPk } };
    for (const reader of this.#p.readersOf(mailbox)) {
      const reading = await this.#inTime(reader({ raw, isTruncated, sizeBytes, ...known }));
      if (reading !== null) return reading;
    }
    return null;
  }

  async #inTime(reading: ReturnType<MailReader>): Promise<Reading | null> {
    const late = Promise.withResolvers<never>();
    using _deadline = this.#p.clock.after(READER_MS, () => late.reject(new Error('the reader came to no end')));
    return await Promise.race([late.promise, reading]);
  }

  async #afterCommit(reading: Reading | null, mailboxPk: string): Promise<void> {
    try {
      await reading?.afterCommit?.();
    } catch (error) {
      this.#p.log.error({ mailboxPk, err: error }, 'a reader of mail failed after its commit');
    }
  }

  /** Somebody else stepped over it, and it is theirs. */
  async #isTaken({ mailbox, uidvalidity }: Handling, { uid, hash }: FetchedMail): Promise<boolean> {
    const [position, same] = await Promise.all([
      this.#p.mails.position(mailbox.pk),
      this.#p.mails.findByHash(mailbox.pk, hash),
    ]);
    if (position?.uidvalidity !== uidvalidity || position.place !== folderOf(mailbox)) return true;
    return (same?.state === 'handled' || same?.state === 'ignored') && position.last_uid >= uid;
  }

  #blank({ mailbox, uidvalidity }: Handling, { uid, sizeBytes, receivedAt }: MailHead): ImapMailsTable {
    const now = this.#p.clock.now();
    return {
      pk: this.#p.makePk(),
      mailbox_pk: mailbox.pk,
      ...{ hash: null, uidvalidity, uid, message_id: null, received_at: receivedAt ?? now, size_bytes: sizeBytes },
      ...{ state: 'ignored', attempts: 0, next_at: null, error: null, is_to_dispose: 0, at: now },
    };
  }

  #done({ afterHandling }: Mailbox, blank: ImapMailsTable, reading: Reading | null): Passed {
    const row: ImapMailsTable = { ...blank, next_at: null, error: null, at: this.#p.clock.now() };
    if (reading === null) return { row: { ...row, state: 'ignored' }, counted: 'ignored', statements: [] };
    const is_to_dispose = afterHandling === 'leave' ? 0 : 1;
    return { row: { ...row, state: 'handled', is_to_dispose }, counted: 'handled', statements: reading.statements };
  }

  #failed(blank: ImapMailsTable, attempts: number, error: string): ImapMailsTable {
    const now = this.#p.clock.now();
    const isOver = attempts >= MAX_TRIES;
    return {
      ...blank,
      state: isOver ? 'set_aside' : 'retrying',
      attempts,
      next_at: isOver ? null : now + FIRST_DELAY_MS * 4 ** (attempts - 1),
      error,
      at: now,
    };
  }
}

interface NextMail {
  readonly place: Parameters<MailStore['pass']>[0];
  readonly tries: number;
}

/** It was not the mail, nor its server, that ended it. */
function isNoTry(error: unknown, { signal }: Handling): boolean {
  return signal.aborted || isOfDatabase(error);
}

function headOf(head: MailHead, clock: Clock): MailHead {
  return { ...head, receivedAt: head.receivedAt ?? clock.now() };
}

/** The mail is not to blame. */
function isOfDatabase(error: unknown): boolean {
  return (
    !(error instanceof UniqueViolation) &&
    ['database_unavailable', 'storage_full', 'stopping'].some((code) => isMailProxyError(error) && error.code === code)
  );
}
