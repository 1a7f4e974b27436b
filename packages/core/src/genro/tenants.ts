// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { DEFAULT_TENANT } from '../entities/tenant/default-tenant.ts';
import { isMailProxyError } from '../errors.ts';
import type { ImportParts } from './import-parts.ts';
import type { OldKey } from './old-keys.ts';
import { asObject, flagOf, type Json, lineOf, objectOf, type SourceRow, textOf, timeOf } from './source-values.ts';
import { type Stored, storeLeniently } from './store-leniently.ts';

export interface TenantParts extends ImportParts {
  /** Keep a key of the tenant; false where it is kept already. */
  readonly adoptKey: (key: OldKey) => Promise<boolean>;
  /** Forget the key that a new tenant was given and nobody was shown. */
  readonly forgetKey: (token: string) => Promise<void>;
}

const ID = /^[a-zA-Z0-9_-]{1,64}$/;
const SHA256 = /^[0-9a-f]{64}$/i;

/** Take the tenants with their keys, and what is suspended of each. */
export async function takeTenants(parts: TenantParts): Promise<void> {
  const { source, onRows } = parts;
  for await (const rows of source.pages('tenants')) {
    for (const row of rows) await takeTenant(parts, row);
    onRows('tenants', rows.length);
  }
}

/** Add a tenant that accounts name and that is not in the table of tenants: the original asked for none. */
export async function addNamedTenant(
  { run, findings }: Pick<ImportParts, 'run' | 'findings'>,
  id: string,
): Promise<boolean> {
  if (!ID.test(id)) return false;
  try {
    await run('tenants.get', { tenant_id: id });
    return true;
  } catch (error) {
    if (!isMailProxyError(error, 'not_found')) throw error;
  }
  const stored = await storeLeniently({ run, operation: 'tenants.create', input: { id }, required: ['id'] });
  if (stored.kind !== 'stored') return false;
  findings.taken('tenants');
  findings.changed('tenants', id, 'it was missing in the source and was added, since accounts or messages name it');
  return true;
}

async function takeTenant(parts: TenantParts, row: SourceRow): Promise<void> {
  const { findings, run } = parts;
  const id = textOf(row, 'id') ?? '';
  const settings = settingsOf(parts, row, id);
  const stored = await store(parts, id, settings);
  switch (stored.kind) {
    case 'refused':
      findings.notTaken('tenants', id, stored.reason);
      return;
    case 'already_here':
      findings.alreadyHere('tenants');
      break;
    case 'stored': {
      findings.taken('tenants');
      for (const why of stored.without) findings.changed('tenants', id, `without ${why}`);
      const token = asObject(stored.output)?.['api_key'];
      if (typeof token === 'string') await parts.forgetKey(token);
      break;
    }
    default:
      stored satisfies never;
  }
  await takeKey(parts, row, id);
  await suspend(parts, row, { id, isUsed: stored.kind === 'already_here' && (await hasMail(run, id)) });
}

async function store(
  { run }: Pick<ImportParts, 'run'>,
  id: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<Stored> {
  const stored = await storeLeniently({
    run,
    operation: 'tenants.create',
    input: { id, ...settings },
    required: ['id'],
  });
  if (stored.kind !== 'already_here' || id !== DEFAULT_TENANT) return stored;
  // Every database has this one; as long as nobody set anything it waits for its settings.
  const known = asObject(await run('tenants.get', { tenant_id: id }));
  if (known === null || known['updated_at'] !== known['created_at']) return stored;
  return storeLeniently({
    run,
    operation: 'tenants.update',
    input: { tenant_id: id, ...settings },
    required: ['tenant_id'],
  });
}

function settingsOf({ mixins, findings }: ImportParts, row: SourceRow, id: string): Readonly<Record<string, unknown>> {
  const name = textOf(row, 'name');
  const baseUrl = textOf(row, 'client_base_url')?.trim();
  const largeFiles = objectOf(row, 'large_file_config');
  if (largeFiles !== null && !mixins.includes('large-attachments')) {
    findings.changed('tenants', id, 'without large_file_config: this needs the enterprise edition');
  }
  if (textOf(row, 'client_auth') !== null && authOf(objectOf(row, 'client_auth')) === null) {
    findings.changed('tenants', id, 'without client_auth: it names no method with what that needs');
  }
  return dropAbsent({
    name: name === null ? null : lineOf(name, 200),
    client_base_url: baseUrl,
    client_sync_path: pathOf(row, 'client_sync_path'),
    client_attachment_path: pathOf(row, 'client_attachment_path'),
    client_auth: authOf(objectOf(row, 'client_auth')),
    ...limitsOf(objectOf(row, 'rate_limits')),
    large_file_config: mixins.includes('large-attachments') && largeFiles !== null ? largeFilesOf(largeFiles) : null,
  });
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

/** Written in two ways, and enforced in neither. */
function limitsOf(limits: Json | null): Readonly<Record<string, number | null>> {
  const limit = (...names: readonly string[]): number | null => {
    const value = names.map((name) => Number(limits?.[name])).find((number) => Number.isInteger(number) && number > 0);
    return value ?? null;
  };
  return {
    limit_per_minute: limit('per_minute'),
    limit_per_hour: limit('per_hour', 'hourly'),
    limit_per_day: limit('per_day', 'daily'),
  };
}

async function takeKey({ adoptKey, findings, clock }: TenantParts, row: SourceRow, tenantId: string): Promise<void> {
  const hash = textOf(row, 'api_key_hash');
  if (hash === null) return;
  if (!SHA256.test(hash)) {
    findings.notTaken('api_keys', tenantId, 'what is stored is no SHA-256: make the tenant a new key');
    return;
  }
  const said = textOf(row, 'api_key_expires_at');
  const expiresAt = timeOf(row, 'api_key_expires_at');
  if (said !== null && expiresAt === null) {
    findings.notTaken('api_keys', tenantId, 'its end cannot be read: make the tenant a new key');
    return;
  }
  if (expiresAt !== null && expiresAt <= clock.now()) {
    findings.notTaken('api_keys', tenantId, 'it has expired');
    return;
  }
  if (await adoptKey({ tenantId, hash: hash.toLowerCase(), expiresAt })) findings.taken('api_keys');
  else findings.alreadyHere('api_keys');
}

/** @param isUsed - somebody may have activated since what an earlier run suspended, and it is not suspended again */
async function suspend(
  { run, findings }: ImportParts,
  row: SourceRow,
  { id, isUsed }: { readonly id: string; readonly isUsed: boolean },
): Promise<void> {
  const said = (textOf(row, 'suspended_batches') ?? '').split(',').map((code) => code.trim());
  const codes = new Set(said.filter((code) => code !== '' && code !== '*'));
  const isInactive = flagOf(row, 'active') === false;
  const isWhole = isInactive || said.includes('*');
  if (isUsed) {
    findings.alreadyHere('suspended_batches', codes.size + (isWhole ? 1 : 0));
    return;
  }
  if (isWhole) {
    const isSuspended = asObject(await run('tenants.get', { tenant_id: id }))?.['suspended'] === true;
    if (isSuspended) findings.alreadyHere('suspended_batches');
    else {
      await run('tenants.suspend', { tenant_id: id });
      findings.taken('suspended_batches');
      if (isInactive) findings.changed('tenants', id, INACTIVE);
    }
  }
  for (const code of codes) await suspendBatch({ run, findings }, { tenant_id: id, batch_code: code });
}

const INACTIVE = 'it was not active, and is suspended: mail is taken and waits; mail-proxy tenants activate lets it go';

async function suspendBatch(
  { run, findings }: Pick<ImportParts, 'run' | 'findings'>,
  input: { readonly tenant_id: string; readonly batch_code: string },
): Promise<void> {
  const required = Object.keys(input);
  const seen = await storeLeniently({
    run,
    operation: 'batches.suspend',
    input: { ...input, dry_run: true },
    required,
  });
  if (seen.kind === 'refused') {
    findings.notTaken('suspended_batches', `${input.tenant_id}/${input.batch_code}`, seen.reason);
    return;
  }
  if (seen.kind === 'stored' && asObject(seen.output)?.['suspended'] === true) {
    findings.alreadyHere('suspended_batches');
    return;
  }
  await run('batches.suspend', input);
  findings.taken('suspended_batches');
}

async function hasMail(run: ImportParts['run'], tenantId: string): Promise<boolean> {
  const page = asObject(await run('messages.list', { tenant_id: tenantId, limit: 1 }));
  return Array.isArray(page?.['items']) && page['items'].length > 0;
}

export function dropAbsent(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}
