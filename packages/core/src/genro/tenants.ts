// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { DEFAULT_TENANT } from '../entities/tenant/default-tenant.ts';
import { isMailProxyError } from '../errors.ts';
import type { ImportParts } from './import-parts.ts';
import { GENRO_SUPPRESSION } from './old-rules.ts';
import { asObject, type SourceRow, textOf } from './source-values.ts';
import { type Stored, storeLeniently } from './store-leniently.ts';
import { suspend } from './suspended.ts';
import { type KeyParts, takeKey } from './take-key.ts';
import { settingsOf } from './tenant-settings.ts';

export type TenantParts = ImportParts & KeyParts;

const ID = /^[a-zA-Z0-9_-]{1,64}$/;

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
  { run, findings, forgetKey }: Pick<ImportParts, 'run' | 'findings' | 'forgetKey'>,
  id: string,
): Promise<boolean> {
  if (!ID.test(id)) return false;
  try {
    await run('tenants.get', { tenant_id: id });
    return true;
  } catch (error) {
    if (!isMailProxyError(error, 'not_found')) throw error;
  }
  const stored = await storeLeniently({
    run,
    operation: 'tenants.create',
    input: { id, suppression: GENRO_SUPPRESSION },
    required: ['id'],
  });
  if (stored.kind !== 'stored') return false;
  await forgetKeyOf({ forgetKey }, stored.output);
  findings.taken('tenants');
  findings.changed('tenants', id, 'it was missing in the source and was added, since accounts or messages name it');
  return true;
}

async function takeTenant(parts: TenantParts, row: SourceRow): Promise<void> {
  const { findings, run } = parts;
  const id = textOf(row, 'id') ?? '';
  const { settings, without } = settingsOf(parts, row);
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
      for (const why of [...without, ...stored.without]) findings.changed('tenants', id, `without ${why}`);
      await forgetKeyOf(parts, stored.output);
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

/** Of a tenant that was added: nobody is shown it. */
async function forgetKeyOf({ forgetKey }: Pick<ImportParts, 'forgetKey'>, output: unknown): Promise<void> {
  const token = asObject(output)?.['api_key'];
  if (typeof token === 'string') await forgetKey(token);
}

async function hasMail(run: ImportParts['run'], tenantId: string): Promise<boolean> {
  const page = asObject(await run('messages.list', { tenant_id: tenantId, limit: 1 }));
  return Array.isArray(page?.['items']) && page['items'].length > 0;
}
