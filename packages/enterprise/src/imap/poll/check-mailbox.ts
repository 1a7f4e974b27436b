// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Log } from '@mail-proxy/core';
import { folderOf, type Mailbox } from '../mailbox/mailbox.model.ts';
import type { ImapPositionsTable } from '../mailbox/mailbox.table.ts';
import type { HandleMail } from './handle-mail.ts';
import type { ImapSession, MailHead, OpenedFolder } from './imap-session.ts';
import type { MailStore } from './mail.store.ts';
import { MailboxFailure } from './mailbox-failure.ts';
import { newMail } from './new-mail.ts';

export interface CheckParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly mails: MailStore;
  readonly handle: HandleMail;
  readonly keepMs: number;
}

export interface Check {
  readonly session: ImapSession;
  readonly mailbox: Mailbox;
  readonly signal: AbortSignal;
}

/** Heads that are asked for at a time; the folder is opened anew between them. */
const BATCH = 100;
/** Milliseconds after which others have their turn, with the mail that is being read still read. */
const TURN_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Handle all mail of a mailbox that was not looked at, try again what is due, and mark, move or delete what was handled.
 * What is done stays done when it fails in the middle.
 *
 * @returns `more` where its time was over before all new mail was handled
 * @throws {MailboxFailure}
 * @throws {MailProxyError} of the database
 */
export async function checkMailbox(parts: CheckParts, check: Check): Promise<'all' | 'more'> {
  const { mails, handle, clock } = parts;
  const endsAt = clock.monotonic() + TURN_MS;
  const { session, mailbox, signal } = check;
  let folder = await openFolder(check);
  let position = await positionIn(parts, mailbox, folder);
  let refusal = await disposeOf(parts, check, folder);
  let isMarked = false;
  for (;;) {
    const found = await newMail(session, { ...folder, after: position.last_uid, count: BATCH });
    if (found.length > 0 && !isMarked) await mails.reading(mailbox.pk);
    isMarked ||= found.length > 0;
    for (const head of found) {
      if (signal.aborted) return 'all';
      checkUid(head, folder);
      await handle.next({ ...check, position, uidvalidity: folder.uidvalidity }, head);
      if (clock.monotonic() < endsAt) continue;
      // What it refuses is told of once all is read.
      if (refusal === null) await disposeOf(parts, check, folder);
      return 'more';
    }
    refusal ??= await disposeOf(parts, check, folder);
    if (found.length === 0) break;
    // Others may have removed mail meanwhile, which moves all places behind it.
    folder = await openFolder(check);
    const { is_reading } = position;
    position = { ...(await positionIn(parts, mailbox, folder)), is_reading };
  }
  const now = clock.now();
  for (const mail of await mails.due(mailbox.pk, folder.uidvalidity, now)) {
    if (signal.aborted) return 'all';
    await handle.again({ ...check, position, uidvalidity: folder.uidvalidity }, mail);
    if (clock.monotonic() >= endsAt) break;
  }
  refusal ??= await disposeOf(parts, check, folder);
  if (now - position.pruned_at >= DAY_MS) {
    const before = now - parts.keepMs;
    await mails.prune(mailbox.pk, { uidvalidity: folder.uidvalidity, before, now });
  }
  if (refusal !== null) throw refusal;
  return 'all';
}

async function openFolder({ session, mailbox }: Check): Promise<OpenedFolder> {
  const isReadOnly = mailbox.afterHandling === 'leave';
  const folder = await session.open(mailbox.folder, { isReadOnly });
  if (folder.isReadOnly && !isReadOnly) {
    const message = 'the server opens the folder for reading only; set after_handling to leave, or grant more';
    throw new MailboxFailure({ stage: 'mailbox', code: 'rejected', message });
  }
  return folder;
}

/** How far the folder was read; from its first mail where its UIDs mean something else by now. */
async function positionIn(
  { mails, log }: CheckParts,
  mailbox: Mailbox,
  { uidvalidity, uidnext }: OpenedFolder,
): Promise<ImapPositionsTable> {
  const { pk } = mailbox;
  const place = folderOf(mailbox);
  const position = await find(mails, pk);
  const isSamePlace = position.place === place;
  // UIDs only ever rise under one UIDVALIDITY (RFC 9051, 2.3.1.1): a server that restored a backup may not know.
  const isBehind = uidnext !== null && uidnext <= position.last_uid;
  if (isSamePlace && position.uidvalidity === uidvalidity && !isBehind) return position;
  const isFirst = position.place === null;
  if (!isFirst) log.warn({ mailboxPk: pk, was: position.uidvalidity, uidvalidity }, 'UIDs of a mailbox changed');
  await mails.restart(pk, {
    ...{ place, uidvalidity, forgotten_until: isSamePlace ? position.forgotten_until : 0 },
    // Without UIDNEXT everything may have been there before.
    reread_below: isFirst ? 0 : (uidnext ?? Number.MAX_SAFE_INTEGER),
  });
  return find(mails, pk);
}

async function find(mails: MailStore, pk: string): Promise<ImapPositionsTable> {
  const position = await mails.position(pk);
  if (position !== null) return position;
  throw new MailboxFailure({ stage: 'mailbox', code: 'closed', message: 'the mailbox is gone' });
}

/** A UID out of order would have us pass by all mail below it. */
function checkUid({ uid }: MailHead, { uidnext }: OpenedFolder): void {
  if (uidnext === null || uid < uidnext) return;
  const message = `the server says what cannot be: UID ${uid} where the next one is ${uidnext}`;
  throw new MailboxFailure({ stage: 'fetch', code: 'protocol', message });
}

/**
 * Mark, move or delete what was handled, by now or before a crash. What the server refuses keeps no mail from being read.
 *
 * @returns the refusal
 */
async function disposeOf(
  { mails }: CheckParts,
  check: Check,
  { uidvalidity }: OpenedFolder,
): Promise<MailboxFailure | null> {
  const { mailbox, signal } = check;
  while (!signal.aborted) {
    const rows = await mails.toDispose(mailbox.pk, uidvalidity);
    const last = rows.at(-1);
    if (last === undefined) break;
    const uids = rows.map(({ uid }) => uid);
    try {
      await dispose(check, uids);
    } catch (error) {
      if (error instanceof MailboxFailure && error.shown.code === 'rejected') return error;
      throw error;
    }
    await mails.disposed(mailbox.pk, uidvalidity, last.uid);
  }
  return null;
}

async function dispose({ session, mailbox }: Check, uids: readonly number[]): Promise<void> {
  const { afterHandling, moveTo } = mailbox;
  if (afterHandling === 'flag') await session.markSeen(uids);
  if (afterHandling === 'delete') await session.delete(uids);
  if (afterHandling === 'move' && moveTo !== null) await session.move(uids, moveTo);
}
