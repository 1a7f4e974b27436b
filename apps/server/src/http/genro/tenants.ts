// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { GENRO_SUPPRESSION, isMailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';
import { adminOnly, allOf, type GenroCall, ofTenant, orNull, type Shown, takes } from './call.ts';
import { endpointOf } from './client-sync.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { flag, given, maybe, seconds, someText, text, timestamp } from './given-fields.ts';

const clientAuth = v.object({
  method: v.picklist(['none', 'bearer', 'basic']),
  ...optional('token', 'user', 'password'),
});

/** Judged where it is used; what is not known there is left out. */
const largeFileConfig = v.object({
  enabled: maybe(v.unknown()),
  max_size_mb: maybe(v.unknown()),
  storage_url: maybe(v.unknown()),
  public_base_url: maybe(v.unknown()),
  file_ttl_days: maybe(v.unknown()),
  lifespan_after_download_days: maybe(v.unknown()),
  action: maybe(v.unknown()),
});

const settings = {
  name: maybe(text),
  client_base_url: maybe(text),
  client_sync_path: maybe(text),
  client_attachment_path: maybe(text),
  client_auth: maybe(clientAuth),
  large_file_config: maybe(largeFileConfig),
  active: maybe(flag),
};
export const tenantInput = v.object({ id: someText, ...settings });
export const tenantChange = v.object(settings);
export const keyInput = v.object({ expires_at: maybe(timestamp) });

type Settings = v.InferOutput<typeof tenantChange>;

/** How often a tenant without news was called. */
const SYNC_INTERVAL_S = 300;

interface TenantKey {
  readonly id: string;
  readonly revoked_at: string | null;
}

export const tenantRoutes: GenroRoutes = {
  'POST /tenant': async (call) => {
    return { ok: true, ...(await putTenant(call, await call.body(tenantInput))) };
  },
  'GET /tenants': async (call) => ({
    ok: true,
    tenants: (await allOf<Shown>(call, 'tenants.list', {})).map(tenantView),
  }),
  'GET /tenants/sync-status': (call) => syncStatuses(call),
  'GET /tenant/:id': async (call) => tenantView(await call.run('tenants.get', { tenant_id: idOf(call) })),
  'PUT /tenant/:id': async (call) => {
    await changeTenant(call, idOf(call), await call.body(tenantChange));
    return { ok: true };
  },
  'DELETE /tenant/:id': async (call) => {
    await call.run('tenants.delete', { tenant_id: idOf(call), mode: 'discard' });
    return { ok: true };
  },
  'POST /tenant/:id/api-key': async (call) => {
    const { expires_at } = await call.body(keyInput);
    const api_key = await replaceKey(call, idOf(call), expires_at);
    return { ok: true, api_key, ...(expires_at === undefined ? {} : { expires_at: seconds(expires_at) }) };
  },
  'DELETE /tenant/:id/api-key': async (call) => {
    await revokeKeys(call, idOf(call));
    return { ok: true };
  },
};

/** Make the one key of a tenant, in place of those before. */
export async function replaceKey(call: GenroCall, tenant_id: string, expires_at: string | undefined): Promise<unknown> {
  adminOnly(call);
  const before = await liveKeys(call, tenant_id);
  const { api_key } = await call.run('api-keys.create', { tenant_id, expires_at });
  await revoke(call, tenant_id, before);
  return api_key;
}

export async function revokeKeys(call: GenroCall, tenant_id: string): Promise<void> {
  adminOnly(call);
  await revoke(call, tenant_id, await liveKeys(call, tenant_id));
}

/** Change what is said; what is not stays. */
export function changeTenant(call: GenroCall, tenant_id: string, fields: Settings): Promise<Shown> {
  return call.run('tenants.update', { tenant_id, ...settingsOf(call, given(fields)) });
}

export async function syncStatuses(call: GenroCall): Promise<object> {
  const tenants = await allOf<Shown>(call, 'tenants.list', {});
  const states = await Promise.all(tenants.map((tenant) => syncStatus(call, tenant)));
  return { ok: true, tenants: states, sync_interval_seconds: SYNC_INTERVAL_S };
}

function optional<const Name extends string>(...names: readonly Name[]) {
  // One entry for each name.
  return Object.fromEntries(names.map((name) => [name, maybe(text)])) as Record<
    Name,
    ReturnType<typeof maybe<typeof text>>
  >;
}

function idOf(call: GenroCall): string {
  return ofTenant(call, call.c.req.param('id') ?? '');
}

async function liveKeys(call: GenroCall, tenant_id: string): Promise<readonly string[]> {
  const keys = await allOf<TenantKey>(call, 'api-keys.list', { tenant_id });
  return keys.flatMap(({ id, revoked_at }) => (revoked_at === null ? [id] : []));
}

async function revoke(call: GenroCall, tenant_id: string, keys: readonly string[]): Promise<void> {
  for (const key_id of keys) await call.run('api-keys.revoke', { tenant_id, key_id });
}

/** Add the tenant, or make it what is said. @returns the key of a new one */
export async function putTenant(call: GenroCall, input: v.InferOutput<typeof tenantInput>): Promise<object> {
  const { id, ...fields } = input;
  // A definition of the whole: what it does not say is as in a new tenant, but for what nobody can read back.
  const { client_auth, ...rest } = fields;
  const whole = { ...asNulls(rest), client_auth };
  const { clientSync } = call.options.settings;
  const isTold = fields.client_base_url !== undefined || clientSync === undefined;
  const endpoint = isTold ? {} : endpointOf(clientSync);
  const change = () => call.run('tenants.update', { tenant_id: id, ...settingsOf(call, whole), ...endpoint });
  adminOnly(call);
  if ((await orNull(call.run('tenants.get', { tenant_id: id }))) !== null) {
    await change();
    return {};
  }
  try {
    const { api_key } = await call.run('tenants.create', {
      id,
      ...settingsOf(call, given(fields)),
      ...endpoint,
      suppression: GENRO_SUPPRESSION,
    });
    return { api_key };
  } catch (error) {
    // Somebody else added it meanwhile.
    if (!isMailProxyError(error, 'duplicate_id')) throw error;
    await change();
    return {};
  }
}

function asNulls(fields: object): object {
  return Object.fromEntries(Object.keys(settings).map((name) => [name, Object(fields)[name] ?? null]));
}

/** The fields of an old tenant as those of ours. */
function settingsOf(call: GenroCall, fields: Partial<Record<keyof Settings, unknown>>): object {
  const { active: _, client_auth, large_file_config, client_sync_path, client_attachment_path, ...same } = fields;
  return {
    ...same,
    client_sync_path: pathOf(client_sync_path),
    client_attachment_path: pathOf(client_attachment_path),
    client_auth: authOf(client_auth as Settings['client_auth']),
    ...(takes(call, 'tenants.update', 'large_file_config') ? { large_file_config } : {}),
  };
}

function pathOf(path: unknown): unknown {
  return typeof path !== 'string' || path.startsWith('/') ? path : path === '' ? null : `/${path}`;
}

/** What does not belong to the method was ignored. */
function authOf(auth: Settings['client_auth'] | null): object | null | undefined {
  if (auth === undefined || auth === null) return auth;
  const { method, token, user, password } = auth;
  return { method, ...(method === 'bearer' ? { token } : method === 'basic' ? { user, password } : {}) };
}

/** Of the credentials the method only. */
export function tenantView(tenant: Shown) {
  return {
    id: tenant['id'],
    name: tenant['name'],
    client_auth: tenant['client_auth'],
    client_base_url: tenant['client_base_url'],
    client_sync_path: tenant['client_sync_path'],
    client_attachment_path: tenant['client_attachment_path'],
    rate_limits: null,
    large_file_config: tenant['large_file_config'] ?? null,
    active: true,
    created_at: tenant['created_at'],
    updated_at: tenant['updated_at'],
  };
}

async function syncStatus(call: GenroCall, tenant: Shown) {
  const state = await call.run('tenants.reporting', { tenant_id: tenant['id'] });
  const [last, after] = [seconds(state['last_sync_at']), seconds(state['next_sync_after'])];
  const now = Math.floor(call.options.clock.now() / 1_000);
  return {
    id: tenant['id'],
    name: tenant['name'],
    active: true,
    client_base_url: tenant['client_base_url'],
    last_sync_ts: last,
    next_sync_due: last === null || now - last >= SYNC_INTERVAL_S,
    in_dnd: after !== null && after > now,
  };
}
