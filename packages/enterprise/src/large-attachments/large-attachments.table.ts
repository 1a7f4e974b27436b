// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CoreSchema, Database } from '@mail-proxy/core';

/** What becomes of a tenant's large attachments. No row: they are left alone. */
export interface LargeFileSettingsTable {
  readonly tenant_id: string;
  /** JSON of the settings, as they were given. */
  readonly settings: string;
  /** Milliseconds. */
  readonly updated_at: number;
}

/**
 * A file that was taken out of messages: one for each content in a storage, however many messages have it.
 *
 * | from        | to          | when                                                                              |
 * |-------------|-------------|-----------------------------------------------------------------------------------|
 * | -           | `uploading` | a message has this content, and no row but those that are `deleting` had it        |
 * | `uploading` | `stored`    | the object is there as a whole                                                    |
 * | `uploading` | `deleting`  | nobody wanted it for long (`used_at`)                                             |
 * | `stored`    | `deleting`  | no link to it lives, and nobody wanted it for some time (`used_at`)               |
 * | `deleting`  | -           | the object is gone                                                                |
 *
 * Whoever writes a link sets `used_at` in the same unit, on the condition that the file is `stored`; and whoever deletes sets
 * `deleting` on the condition that `used_at` is old. So of both at once the later one finds its condition broken: PostgreSQL
 * looks again at the row that it waited for, though not at what is in other tables.
 *
 * Rows outlive their tenant: what lies in the storage is to be deleted all the same.
 */
export interface LargeFilesTable {
  readonly pk: string;
  readonly tenant_id: string;
  /** The tenant's `storage_url`, as it was then. */
  readonly storage_url: string;
  /** The same for the same bytes within a tenant; null while it is `deleting`, so that the same bytes may come again. */
  readonly content_hash: string | null;
  /** Below the storage's prefix; nobody can guess it. */
  readonly object_key: string;
  readonly size_bytes: number;
  readonly state: LargeFileState;
  /** All times in milliseconds. */
  readonly created_at: number;
  /** When somebody wanted it last. */
  readonly used_at: number;
}

export type LargeFileState = 'uploading' | 'stored' | 'deleting';

/**
 * What a recipient gets in place of an attachment. It lives until `expires_at`, unless it was revoked; then its file may go
 * while the row stays some days. Rows outlive their message and their tenant.
 */
export interface LargeLinksTable {
  readonly pk: string;
  readonly tenant_id: string;
  readonly message_pk: string;
  /** The client's id of the message. */
  readonly message_id: string;
  /** Of the attachment in its message. */
  readonly position: number;
  readonly file_pk: string;
  readonly filename: string;
  readonly mime_type: string;
  readonly size_bytes: number;
  readonly url_kind: LinkKind;
  /** All times in milliseconds. */
  readonly created_at: number;
  readonly expires_at: number;
  readonly revoked_at: number | null;
  readonly downloads: number;
  readonly first_downloaded_at: number | null;
  readonly last_downloaded_at: number | null;
}

/** `own`: it leads here; `presigned`: straight to the storage, where nobody counts. */
export type LinkKind = 'own' | 'presigned';

export interface LargeSchema {
  readonly large_file_settings: LargeFileSettingsTable;
  readonly large_files: LargeFilesTable;
  readonly large_links: LargeLinksTable;
}

export type LargeDatabase = Database<CoreSchema & LargeSchema>;
