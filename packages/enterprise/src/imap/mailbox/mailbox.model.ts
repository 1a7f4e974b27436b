// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields, type OAuthSettings, type SealedPlace, type Sealer } from '@mail-proxy/core';
import type * as v from 'valibot';
import type { mailboxOutput, mailboxStatusOutput, mailOutput } from './mailbox.schema.ts';
import type { CurrentSettings, MailboxSettings } from './mailbox.settings.ts';
import type { ImapMailboxesTable, ImapMailsTable, ImapPositionsTable, Purpose } from './mailbox.table.ts';

/** A mailbox as it may be shown. */
export interface Mailbox extends CurrentSettings {
  readonly pk: string;
  readonly tenantId: string | null;
  readonly accountPk: string | null;
  /** The client's. */
  readonly accountId: string | null;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type MailboxRow = ImapMailboxesTable & { readonly account_id: string | null };

export interface MailCounts {
  readonly retrying: number;
  readonly setAside: number;
}

type SettingColumns = Pick<
  ImapMailboxesTable,
  | 'name'
  | 'host'
  | 'port'
  | 'tls'
  | 'tls_ca'
  | 'allow_cleartext'
  | 'username'
  | 'folder'
  | 'purposes'
  | 'after_handling'
  | 'move_to'
  | 'poll_interval_s'
  | 'is_enabled'
>;

export function columnsOf(settings: MailboxSettings): SettingColumns {
  return {
    name: settings.name,
    host: settings.host,
    port: settings.port,
    tls: settings.tls,
    tls_ca: settings.tlsCa,
    allow_cleartext: settings.allowCleartext ? 1 : 0,
    username: settings.user,
    folder: settings.folder,
    purposes: JSON.stringify(settings.purposes),
    after_handling: settings.afterHandling,
    move_to: settings.moveTo,
    poll_interval_s: settings.pollIntervalS,
    is_enabled: settings.isEnabled ? 1 : 0,
  };
}

export function mailboxOf(row: MailboxRow): Mailbox {
  return {
    pk: row.pk,
    tenantId: row.tenant_id,
    accountPk: row.account_pk,
    accountId: row.account_id,
    name: row.name,
    host: row.host,
    port: row.port,
    tls: row.tls,
    tlsCa: row.tls_ca,
    allowCleartext: row.allow_cleartext === 1,
    user: row.username,
    hasPassword: row.password !== null,
    hasOAuth: row.oauth !== null,
    folder: row.folder,
    purposes: purposesOf(row.purposes),
    afterHandling: row.after_handling,
    moveTo: row.move_to,
    pollIntervalS: row.poll_interval_s,
    isEnabled: row.is_enabled === 1,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function purposesOf(column: string): readonly Purpose[] {
  // The column holds what was validated as such when it was set.
  return JSON.parse(column) as readonly Purpose[];
}

/** UIDs of one folder say nothing of another, even where UIDVALIDITY is the same by chance. */
export function folderOf({ host, port, user, folder }: MailboxSettings): string {
  return JSON.stringify([host, port, user, folder]);
}

export function placeOf(pk: string, column: 'password' | 'oauth'): SealedPlace {
  return { table: 'imap_mailboxes', column, row: pk };
}

export function openOAuth(pk: string, sealed: string, sealer: Sealer): OAuthSettings {
  // Nothing else is ever sealed into this place.
  return JSON.parse(sealer.open(sealed, placeOf(pk, 'oauth'))) as OAuthSettings;
}

export function mailboxView(mailbox: Mailbox): v.InferOutput<typeof mailboxOutput> {
  return {
    pk: mailbox.pk,
    scope: mailbox.tenantId === null ? 'instance' : mailbox.accountPk === null ? 'tenant' : 'account',
    tenant_id: mailbox.tenantId,
    account_id: mailbox.accountId,
    name: mailbox.name,
    host: mailbox.host,
    port: mailbox.port,
    tls: mailbox.tls,
    tls_ca: mailbox.tlsCa,
    allow_cleartext: mailbox.allowCleartext,
    user: mailbox.user,
    has_password: mailbox.hasPassword,
    has_oauth: mailbox.hasOAuth,
    folder: mailbox.folder,
    purposes: [...mailbox.purposes],
    after_handling: mailbox.afterHandling,
    move_to: mailbox.moveTo,
    poll_interval_seconds: mailbox.pollIntervalS,
    enabled: mailbox.isEnabled,
    version: mailbox.version,
    created_at: fields.rfc3339(mailbox.createdAt),
    updated_at: fields.rfc3339(mailbox.updatedAt),
  };
}

/** @param isRead whether a mixin reads mail for its purposes */
export function statusView(
  mailbox: Mailbox,
  position: ImapPositionsTable,
  { counts, isRead }: { readonly counts: MailCounts; readonly isRead: boolean },
): v.InferOutput<typeof mailboxStatusOutput> {
  const isPolled = mailbox.isEnabled && isRead;
  const rests = mailbox.isEnabled ? 'no_reader' : 'disabled';
  return {
    mailbox_pk: mailbox.pk,
    condition: isPolled ? position.condition : rests,
    last_check_at: fields.rfc3339OrNull(position.last_check_at),
    last_ok_at: fields.rfc3339OrNull(position.last_ok_at),
    next_check_at: isPolled ? fields.rfc3339(position.next_check_at) : null,
    failures: position.failures,
    // The column holds what the poller wrote.
    error: position.error === null ? null : (JSON.parse(position.error) as MailboxError),
    position: { uidvalidity: position.uidvalidity, last_uid: position.last_uid },
    counts: {
      handled: position.handled,
      ignored: position.ignored,
      repeated: position.repeated,
      retrying: counts.retrying,
      set_aside: counts.setAside,
    },
  };
}

/** Why a check failed, as it is shown. */
export interface MailboxError {
  readonly stage: string;
  readonly code: string;
  /** For a person; no secret. */
  readonly message: string;
}

export function mailView(mail: ImapMailsTable): v.InferOutput<typeof mailOutput> {
  return {
    pk: mail.pk,
    state: mail.state,
    uidvalidity: mail.uidvalidity,
    uid: mail.uid,
    message_id: mail.message_id,
    received_at: fields.rfc3339(mail.received_at),
    size_bytes: mail.size_bytes,
    attempts: mail.attempts,
    next_at: fields.rfc3339OrNull(mail.next_at),
    error: mail.error,
    at: fields.rfc3339(mail.at),
  };
}
