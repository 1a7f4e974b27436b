// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { listSealedColumns } from '../secrets/sealed-columns.ts';
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
