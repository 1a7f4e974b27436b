// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CoreSchema, Database, Prepared } from '@mail-proxy/core';
import type { MailboxRow } from './mailbox.model.ts';
import type { ImapMailboxesTable, ImapMailsTable, ImapPositionsTable, ImapTables, MailState } from './mailbox.table.ts';

export type ImapDatabase = Database<CoreSchema & ImapTables>;

interface Paged {
  readonly after: string;
  readonly rows: number;
}

export interface MailboxStatements {
  readonly insert: Prepared<ImapMailboxesTable, unknown>;
  readonly insertPosition: Prepared<ImapPositionsTable, unknown>;
  readonly update: Prepared<ImapMailboxesTable & { readonly version_before: number }, unknown>;
  readonly setPassword: Prepared<Pick<ImapMailboxesTable, 'pk' | 'password'>, unknown>;
  readonly setOAuth: Prepared<Pick<ImapMailboxesTable, 'pk' | 'oauth'>, unknown>;
  readonly swapOAuth: Prepared<Pick<ImapMailboxesTable, 'pk' | 'oauth'> & { readonly before: string }, unknown>;
  readonly find: Prepared<{ readonly pk: string }, MailboxRow>;
  readonly listAll: Prepared<Paged, MailboxRow>;
  readonly listOfTenant: Prepared<Paged & { readonly tenant_id: string }, MailboxRow>;
  readonly remove: Prepared<{ readonly pk: string }, unknown>;
  readonly account: Prepared<
    { readonly tenant_id: string; readonly ref: string },
    { readonly pk: string; readonly id: string }
  >;
  readonly tenant: Prepared<{ readonly id: string }, { readonly id: string }>;
  readonly position: Prepared<{ readonly mailbox_pk: string }, ImapPositionsTable>;
  /** A new login may be tried at once. */
  readonly startAnew: Prepared<{ readonly mailbox_pk: string; readonly now: number }, unknown>;
  readonly ask: Prepared<
    { readonly mailbox_pk: string; readonly now: number; readonly next_check_at: number },
    unknown
  >;
  readonly count: Prepared<{ readonly mailbox_pk: string; readonly state: MailState }, { readonly count: number }>;
  readonly mails: Prepared<Paged & { readonly mailbox_pk: string; readonly state: MailState }, ImapMailsTable>;
  readonly mail: Prepared<{ readonly mailbox_pk: string; readonly pk: string }, ImapMailsTable>;
  readonly retryMail: Prepared<{ readonly mailbox_pk: string; readonly pk: string; readonly now: number }, unknown>;
}

const SETTABLE = [
  'name',
  'host',
  'port',
  'tls',
  'tls_ca',
  'allow_cleartext',
  'username',
  'folder',
  'purposes',
  'after_handling',
  'move_to',
  'poll_interval_s',
  'is_enabled',
  'version',
  'updated_at',
] as const satisfies readonly (keyof ImapMailboxesTable)[];

export function prepareMailboxStatements(database: ImapDatabase): MailboxStatements {
  return {
    insert: database.prepare((k, p) => k.insertInto('imap_mailboxes').values(all(p, MAILBOX_COLUMNS))),
    insertPosition: database.prepare((k, p) => k.insertInto('imap_positions').values(all(p, POSITION_COLUMNS))),
    update: database.prepare((k, p) =>
      k
        .updateTable('imap_mailboxes')
        .set(all(p, SETTABLE))
        .where('pk', '=', p.pk)
        .where('version', '=', p.version_before),
    ),
    setPassword: database.prepare((k, p) =>
      k.updateTable('imap_mailboxes').set({ password: p.password }).where('pk', '=', p.pk),
    ),
    setOAuth: database.prepare((k, p) =>
      k.updateTable('imap_mailboxes').set({ oauth: p.oauth }).where('pk', '=', p.pk),
    ),
    swapOAuth: database.prepare((k, p) =>
      k
        .updateTable('imap_mailboxes')
        .set({ oauth: p.oauth })
        .where('pk', '=', p.pk)
        .where((eb) => eb('oauth', '=', eb.val(p.before as ImapMailboxesTable['oauth']))),
    ),
    find: database.prepare((k, p) => withAccount(k).where('imap_mailboxes.pk', '=', p.pk)),
    listAll: database.prepare((k, p) =>
      withAccount(k).where('imap_mailboxes.pk', '>', p.after).orderBy('imap_mailboxes.pk').limit(p.rows),
    ),
    listOfTenant: database.prepare((k, p) =>
      withAccount(k)
        .where('imap_mailboxes.tenant_id', '=', p.tenant_id)
        .where('imap_mailboxes.pk', '>', p.after)
        .orderBy('imap_mailboxes.pk')
        .limit(p.rows),
    ),
    remove: database.prepare((k, p) => k.deleteFrom('imap_mailboxes').where('pk', '=', p.pk)),
    account: database.prepare((k, p) =>
      k
        .selectFrom('accounts')
        .select(['pk', 'id'])
        .where('tenant_id', '=', p.tenant_id)
        .where((eb) => eb.or([eb('pk', '=', p.ref), eb('id', '=', p.ref)])),
    ),
    tenant: database.prepare((k, p) => k.selectFrom('tenants').select('id').where('id', '=', p.id)),
    position: database.prepare((k, p) =>
      k.selectFrom('imap_positions').selectAll().where('mailbox_pk', '=', p.mailbox_pk),
    ),
    startAnew: database.prepare((k, p) =>
      k
        .updateTable('imap_positions')
        .set({ next_check_at: p.now, failures: 0, stuck_tries: 0 })
        .where('mailbox_pk', '=', p.mailbox_pk),
    ),
    ask: database.prepare((k, p) =>
      k
        .updateTable('imap_positions')
        .set({ asked_at: p.now, next_check_at: p.next_check_at })
        .where('mailbox_pk', '=', p.mailbox_pk),
    ),
    count: database.prepare((k, p) =>
      k
        .selectFrom('imap_mails')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('mailbox_pk', '=', p.mailbox_pk)
        .where('state', '=', p.state),
    ),
    mails: database.prepare((k, p) =>
      k
        .selectFrom('imap_mails')
        .selectAll()
        .where('mailbox_pk', '=', p.mailbox_pk)
        .where('state', '=', p.state)
        .where('pk', '>', p.after)
        .orderBy('pk')
        .limit(p.rows),
    ),
    mail: database.prepare((k, p) =>
      k.selectFrom('imap_mails').selectAll().where('mailbox_pk', '=', p.mailbox_pk).where('pk', '=', p.pk),
    ),
    retryMail: database.prepare((k, p) =>
      k
        .updateTable('imap_mails')
        .set({ state: 'retrying', attempts: 0, next_at: p.now, at: p.now })
        .where('mailbox_pk', '=', p.mailbox_pk)
        .where('pk', '=', p.pk)
        .where('state', 'in', ['set_aside', 'retrying']),
    ),
  };
}

/** Mailboxes, each with the id of its account where it is one's. */
function withAccount(k: Parameters<Parameters<ImapDatabase['prepare']>[0]>[0]) {
  return k
    .selectFrom('imap_mailboxes')
    .leftJoin('accounts', 'accounts.pk', 'imap_mailboxes.account_pk')
    .selectAll('imap_mailboxes')
    .select('accounts.id as account_id');
}

const MAILBOX_COLUMNS = [
  'pk',
  'tenant_id',
  'account_pk',
  'password',
  'oauth',
  'created_at',
  ...SETTABLE,
] as const satisfies readonly (keyof ImapMailboxesTable)[];

const POSITION_COLUMNS = [
  'mailbox_pk',
  'place',
  'uidvalidity',
  'last_uid',
  'reread_below',
  'forgotten_until',
  'stuck_uid',
  'stuck_tries',
  'is_reading',
  'condition',
  'failures',
  'error',
  'last_check_at',
  'last_ok_at',
  'next_check_at',
  'asked_at',
  'handled',
  'ignored',
  'repeated',
  'pruned_at',
] as const satisfies readonly (keyof ImapPositionsTable)[];

/** The columns by name: what stands for the input has no properties of its own to list. */
export function all<Row, const Columns extends readonly (keyof Row)[]>(
  row: Row,
  columns: Columns,
): Pick<Row, Columns[number]> {
  // Each column of the list, and no other.
  return Object.fromEntries(columns.map((column) => [column, row[column]])) as Pick<Row, Columns[number]>;
}
