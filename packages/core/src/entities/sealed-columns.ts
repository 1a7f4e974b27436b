// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { listSealedColumns, type SealedColumn } from '../secrets/sealed-columns.ts';
import type { CoreSchema } from './schema.ts';

/** Every column of core that holds secrets. Mixins list those of their own tables. */
export const CORE_SEALED_COLUMNS = listSealedColumns<CoreSchema>({
  'tenants.client_auth': ['id'],
  'accounts.password': ['pk'],
  'accounts.oauth': ['pk'],
  'accounts.tls_client_key': ['pk'],
  'dkim_keys.private_key': ['pk'],
  'storages.config': ['pk'],
  'signing_secrets.secret': ['pk'],
  'content_keys.naming_key': ['tenant_id'],
  'message_attachments.auth': ['message_pk', 'position'],
});

/** What messages say and have attached, and what sandboxes took: sealed where the configuration wants it, and in clear beside that. */
export const CONTENT_COLUMNS: readonly SealedColumn[] = [
  { table: 'message_contents', column: 'content', key: ['message_pk'], pageRows: 20 },
  { table: 'message_attachments', column: 'detached', key: ['message_pk', 'position'], pageRows: 100 },
  {
    table: 'attachment_chunks',
    column: 'bytes',
    key: ['tenant_id', 'hash', 'position'],
    pageRows: 8,
    sealedAs: 'sealed_as',
  },
  { table: 'captured_mails', column: 'summary', key: ['pk'], pageRows: 100 },
  { table: 'captured_contents', column: 'bytes', key: ['mail_pk'], pageRows: 4, sealedAs: 'sealed_as' },
];
