// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Prepared } from '@mail-proxy/core';
import { all, type ImapDatabase } from '../mailbox/mailbox.statements.ts';
import type { ImapMailsTable, ImapPositionsTable } from '../mailbox/mailbox.table.ts';

interface OfMailbox {
  readonly mailbox_pk: string;
}

interface OfFolder extends OfMailbox {
  readonly uidvalidity: number;
}

type Counts = Pick<ImapPositionsTable, 'handled' | 'ignored' | 'repeated'>;

type Checked = OfMailbox & { readonly version: number } & Pick<
    ImapPositionsTable,
    'condition' | 'error' | 'failures' | 'next_check_at' | 'last_check_at'
  >;

export interface MailStatements {
  readonly position: Prepared<OfMailbox, ImapPositionsTable>;
  readonly restart: Prepared<
    OfFolder & Pick<ImapPositionsTable, 'place' | 'reread_below' | 'forgotten_until'>,
    unknown
  >;
  readonly forgetUnread: Prepared<OfMailbox, unknown>;
  /** What is known lies under no UID any more. */
  readonly detach: Prepared<OfMailbox, unknown>;
  /** Changes nothing where the position is not below, or in another folder. */
  readonly advance: Prepared<OfFolder & Counts & { readonly uid: number; readonly place: string }, unknown>;
  readonly count: Prepared<OfMailbox & Counts, unknown>;
  readonly insert: Prepared<ImapMailsTable, unknown>;
  readonly replace: Prepared<ImapMailsTable & { readonly attempts_before: number }, unknown>;
  readonly remove: Prepared<{ readonly pk: string; readonly attempts_before: number }, unknown>;
  readonly meet: Prepared<Pick<ImapMailsTable, 'pk' | 'uid' | 'uidvalidity' | 'is_to_dispose'>, unknown>;
  readonly byHash: Prepared<OfMailbox & { readonly hash: string }, ImapMailsTable>;
  readonly byMessageId: Prepared<OfFolder & { readonly message_id: string }, ImapMailsTable>;
  readonly due: Prepared<OfFolder & { readonly now: number; readonly rows: number }, ImapMailsTable>;
  readonly nextDue: Prepared<OfMailbox, Pick<ImapMailsTable, 'next_at'>>;
  readonly toDispose: Prepared<OfFolder & { readonly rows: number }, ImapMailsTable>;
  readonly disposed: Prepared<OfFolder & { readonly uid: number }, unknown>;
  readonly reading: Prepared<OfMailbox, unknown>;
  readonly stuck: Prepared<OfMailbox & Pick<ImapPositionsTable, 'stuck_uid' | 'stuck_tries'>, unknown>;
  /** As that below, changes nothing where the settings are others by now: those were not tried. */
  readonly wentThrough: Prepared<Checked & Pick<ImapPositionsTable, 'last_ok_at'>, unknown>;
  readonly failed: Prepared<Checked, unknown>;
  readonly asked: Prepared<{ readonly since: number }, Pick<ImapPositionsTable, 'mailbox_pk' | 'asked_at'>>;
  readonly prune: Prepared<OfFolder & { readonly before: number; readonly rows: number }, unknown>;
  readonly pruned: Prepared<OfMailbox & Pick<ImapPositionsTable, 'pruned_at' | 'forgotten_until'>, unknown>;
}

/** What may be different once a mail was tried again. */
const CHANGING = [
  'hash',
  'message_id',
  'received_at',
  'size_bytes',
  'state',
  'attempts',
  'next_at',
  'error',
  'is_to_dispose',
  'at',
] as const satisfies readonly (keyof ImapMailsTable)[];

const COLUMNS = [
  'pk',
  'mailbox_pk',
  'uidvalidity',
  'uid',
  ...CHANGING,
] as const satisfies readonly (keyof ImapMailsTable)[];

const AT_THE_START = { last_uid: 0, stuck_uid: 0, stuck_tries: 0 };

const CHECKED = ['condition', 'error', 'failures', 'next_check_at', 'last_check_at'] as const;

export function prepareMailStatements(database: ImapDatabase): MailStatements {
  return {
    position: database.prepare((k, p) =>
      k.selectFrom('imap_positions').selectAll().where('mailbox_pk', '=', p.mailbox_pk),
    ),
    restart: database.prepare((k, p) =>
      k
        .updateTable('imap_positions')
        .set({ ...all(p, ['place', 'uidvalidity', 'reread_below', 'forgotten_until']), ...AT_THE_START })
        .where('mailbox_pk', '=', p.mailbox_pk),
    ),
    forgetUnread: database.prepare((k, p) =>
      k.deleteFrom('imap_mails').where('mailbox_pk', '=', p.mailbox_pk).where('hash', 'is', null),
    ),
    detach: database.prepare((k, p) =>
      k.updateTable('imap_mails').set({ uidvalidity: 0, is_to_dispose: 0 }).where('mailbox_pk', '=', p.mailbox_pk),
    ),
    advance: database.prepare((k, p) =>
      k
        .updateTable('imap_positions')
        .set((eb) => ({
          last_uid: p.uid,
          stuck_uid: 0,
          stuck_tries: 0,
          handled: eb('handled', '+', p.handled),
          ignored: eb('ignored', '+', p.ignored),
          repeated: eb('repeated', '+', p.repeated),
        }))
        .where('mailbox_pk', '=', p.mailbox_pk)
        .where('place', '=', p.place)
        .where('uidvalidity', '=', p.uidvalidity)
        .where('last_uid', '<', p.uid),
    ),
    count: database.prepare((k, p) =>
      k
        .updateTable('imap_positions')
        .set((eb) => ({
          handled: eb('handled', '+', p.handled),
          ignored: eb('ignored', '+', p.ignored),
          repeated: eb('repeated', '+', p.repeated),
        }))
        .where('mailbox_pk', '=', p.mailbox_pk),
    ),
    insert: database.prepare((k, p) => k.insertInto('imap_mails').values(all(p, COLUMNS))),
    replace: database.prepare((k, p) =>
      k
        .updateTable('imap_mails')
        .set(all(p, CHANGING))
        .where('pk', '=', p.pk)
        .where('state', 'in', ['retrying', 'set_aside'])
        .where('attempts', '=', p.attempts_before),
    ),
    remove: database.prepare((k, p) =>
      k.deleteFrom('imap_mails').where('pk', '=', p.pk).where('attempts', '=', p.attempts_before),
    ),
    meet: database.prepare((k, p) =>
      k
        .updateTable('imap_mails')
        .set({ uid: p.uid, uidvalidity: p.uidvalidity, is_to_dispose: p.is_to_dispose })
        .where('pk', '=', p.pk),
    ),
    byHash: database.prepare((k, p) =>
      k.selectFrom('imap_mails').selectAll().where('mailbox_pk', '=', p.mailbox_pk).where('hash', '=', p.hash),
    ),
    byMessageId: database.prepare((k, p) =>
      k
        .selectFrom('imap_mails')
        .selectAll()
        .where('mailbox_pk', '=', p.mailbox_pk)
        .where('message_id', '=', p.message_id)
        .where('uidvalidity', '<>', p.uidvalidity)
        .orderBy('pk')
        .limit(1),
    ),
    due: database.prepare((k, p) =>
      k
        .selectFrom('imap_mails')
        .selectAll()
        .where('mailbox_pk', '=', p.mailbox_pk)
        .where('state', '=', 'retrying')
        .where('uidvalidity', '=', p.uidvalidity)
        .where('next_at', '<=', p.now)
        .orderBy('pk')
        .limit(p.rows),
    ),
    nextDue: database.prepare((k, p) =>
      k
        .selectFrom('imap_mails as mail')
        .innerJoin('imap_positions as at', (join) =>
          join.onRef('at.mailbox_pk', '=', 'mail.mailbox_pk').onRef('at.uidvalidity', '=', 'mail.uidvalidity'),
        )
        .select('mail.next_at')
        .where('mail.mailbox_pk', '=', p.mailbox_pk)
        .where('mail.state', '=', 'retrying')
        .orderBy('mail.next_at')
        .limit(1),
    ),
    toDispose: database.prepare((k, p) =>
      k
        .selectFrom('imap_mails')
        .selectAll()
        .where('mailbox_pk', '=', p.mailbox_pk)
        .where('is_to_dispose', '=', 1)
        .where('uidvalidity', '=', p.uidvalidity)
        .orderBy('uid')
        .limit(p.rows),
    ),
    disposed: database.prepare((k, p) =>
      k
        .updateTable('imap_mails')
        .set({ is_to_dispose: 0 })
        .where('mailbox_pk', '=', p.mailbox_pk)
        .where('is_to_dispose', '=', 1)
        .where('uidvalidity', '=', p.uidvalidity)
        .where('uid', '<=', p.uid),
    ),
    reading: database.prepare((k, p) =>
      k.updateTable('imap_positions').set({ is_reading: 1 }).where('mailbox_pk', '=', p.mailbox_pk),
    ),
    stuck: database.prepare((k, p) =>
      k
        .updateTable('imap_positions')
        .set({ stuck_uid: p.stuck_uid, stuck_tries: p.stuck_tries })
        .where('mailbox_pk', '=', p.mailbox_pk),
    ),
    wentThrough: database.prepare((k, p) =>
      k
        .updateTable('imap_positions')
        .set({ ...all(p, CHECKED), last_ok_at: p.last_ok_at, is_reading: 0 })
        .where('mailbox_pk', 'in', (of) =>
          of.selectFrom('imap_mailboxes').select('pk').where('pk', '=', p.mailbox_pk).where('version', '=', p.version),
        ),
    ),
    failed: database.prepare((k, p) =>
      k
        .updateTable('imap_positions')
        .set({ ...all(p, CHECKED), is_reading: 0 })
        .where('mailbox_pk', 'in', (of) =>
          of.selectFrom('imap_mailboxes').select('pk').where('pk', '=', p.mailbox_pk).where('version', '=', p.version),
        ),
    ),
    asked: database.prepare((k, p) =>
      k.selectFrom('imap_positions').select(['mailbox_pk', 'asked_at']).where('asked_at', '>=', p.since),
    ),
    prune: database.prepare((k, p) =>
      k.deleteFrom('imap_mails').where((eb) =>
        eb(
          'pk',
          'in',
          eb
            .selectFrom('imap_mails as old')
            .innerJoin('imap_positions as at', 'at.mailbox_pk', 'old.mailbox_pk')
            .select('old.pk')
            .where('old.mailbox_pk', '=', p.mailbox_pk)
            .where('old.at', '<', p.before)
            .where('old.is_to_dispose', '=', 0)
            .where('at.uidvalidity', '=', p.uidvalidity)
            .where((or) =>
              or.or([
                // Under a UIDVALIDITY that is over: what is left of it is no more in the folder.
                or('old.uidvalidity', '<>', p.uidvalidity),
                or.and([
                  or('old.uid', '<=', or.ref('at.last_uid')),
                  or('old.state', 'in', ['handled', 'ignored', 'gone']),
                ]),
              ]),
            )
            .limit(p.rows),
        ),
      ),
    ),
    pruned: database.prepare((k, p) =>
      k
        .updateTable('imap_positions')
        .set({ pruned_at: p.pruned_at, forgotten_until: p.forgotten_until })
        .where('mailbox_pk', '=', p.mailbox_pk),
    ),
  };
}
