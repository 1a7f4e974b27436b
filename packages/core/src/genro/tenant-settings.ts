// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ImportParts } from './import-parts.ts';
import { GENRO_SUPPRESSION } from './old-rules.ts';
import { dropAbsent, flagOf, type Json, lineOf, objectOf, type SourceRow, textOf } from './source-values.ts';

/** What a tenant is set to, as it is set here, and what cannot be; what had no effect has none here. */
export function settingsOf(
  { mixins }: Pick<ImportParts, 'mixins'>,
  row: SourceRow,
): { readonly settings: Json; readonly without: readonly string[] } {
  const name = textOf(row, 'name');
  const auth = authOf(objectOf(row, 'client_auth'));
  const largeFiles = objectOf(row, 'large_file_config');
  const takesLargeFiles = mixins.includes('large-attachments');
  const without = [
    ...(largeFiles !== null && !takesLargeFiles ? ['large_file_config: this needs the enterprise edition'] : []),
    ...(auth === null && textOf(row, 'client_auth') !== null ? ['client_auth: it lacks what its method needs'] : []),
    ...(textOf(row, 'rate_limits') === null ? [] : ['rate_limits: they had no effect']),
    ...(flagOf(row, 'active') === false ? ['active: it had no effect; suspend the tenant to stop its mail'] : []),
  ];
  const settings = dropAbsent({
    name: name === null ? null : lineOf(name, 200),
    client_base_url: textOf(row, 'client_base_url')?.trim(),
    client_sync_path: pathOf(row, 'client_sync_path'),
    client_attachment_path: pathOf(row, 'client_attachment_path'),
    client_auth: auth,
    suppression: GENRO_SUPPRESSION,
    large_file_config: takesLargeFiles && largeFiles !== null ? largeFilesOf(largeFiles) : null,
  });
  return { settings, without };
}

const LARGE_FILE_FIELDS = [
  'enabled',
  'max_size_mb',
  'storage_url',
  'public_base_url',
  'file_ttl_days',
  'lifespan_after_download_days',
  'action',
] as const;

function largeFilesOf(config: Json): Json {
  return dropAbsent(Object.fromEntries(LARGE_FILE_FIELDS.map((name) => [name, config[name]])));
}

/** The original put it behind the base URL as it was. */
function pathOf(row: SourceRow, column: string): string | null {
  const path = textOf(row, column)?.trim() ?? '';
  if (path === '') return null;
  return path.startsWith('/') ? path : `/${path}`;
}

/** Credentials, as `client_auth` of tenants and `auth` of attachments have them; null where there are none. */
export function authOf(auth: Json | null): Json | null {
  const text = (name: string): string => {
    const value = auth?.[name];
    return typeof value === 'string' ? value : '';
  };
  switch (auth?.['method'] ?? (auth === null ? null : 'none')) {
    case 'bearer':
      return text('token') === '' ? null : { method: 'bearer', token: text('token') };
    case 'basic':
      return text('user') === '' ? null : { method: 'basic', user: text('user'), password: text('password') };
    case 'none':
      return { method: 'none' };
    default:
      return null;
  }
}
