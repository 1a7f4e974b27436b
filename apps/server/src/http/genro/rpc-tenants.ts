// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { allOf, ofTenant, orNull, type Shown } from './call.ts';
import { activate, suspend, suspendedBatches } from './commands.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { maybe, someText, text, timestamp } from './given-fields.ts';
import { changeTenant, putTenant, replaceKey, revokeKeys, tenantChange, tenantInput, tenantView } from './tenants.ts';

const named = { tenant_id: someText };
const reference = v.object(named);
const batch = v.object({ ...named, batch_code: maybe(text) });

/** Tenants as version 0.7 has them: what is shown is a bare row. */
export const rpcTenantRoutes: GenroRoutes = {
  'POST /tenants/add': async (call) => {
    const input = await call.body(tenantInput);
    const key = await putTenant(call, input);
    return { ...tenantView(await call.run('tenants.get', { tenant_id: input.id })), ...key };
  },
  'GET /tenants/get': async (call) =>
    tenantView(await call.run('tenants.get', { tenant_id: ofTenant(call, call.required('tenant_id')) })),
  'GET /tenants/list': async (call) => (await allOf<Shown>(call, 'tenants.list', {})).map(tenantView),
  'POST /tenants/update': async (call) => {
    const { tenant_id, ...fields } = await call.body(v.object({ ...named, ...tenantChange.entries }));
    return tenantView(await changeTenant(call, ofTenant(call, tenant_id), fields));
  },
  'POST /tenants/delete': async (call) => {
    const { tenant_id } = await call.body(reference);
    const deleted = call.run('tenants.delete', { tenant_id: ofTenant(call, tenant_id), mode: 'discard' });
    return (await orNull(deleted.then(() => true))) ?? false;
  },
  'POST /tenants/suspend_batch': async (call) => {
    const { tenant_id, batch_code } = await call.body(batch);
    return suspend(call, ofTenant(call, tenant_id), batch_code || undefined);
  },
  'POST /tenants/activate_batch': async (call) => {
    const { tenant_id, batch_code } = await call.body(batch);
    return activate(call, ofTenant(call, tenant_id), batch_code || undefined);
  },
  'GET /tenants/get_suspended_batches': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    const { suspended } = await call.run('tenants.get', { tenant_id });
    const batches = suspended === true ? ['*'] : await suspendedBatches(call, tenant_id);
    return { ok: true, tenant_id, suspended_batches: batches };
  },
  'POST /tenants/create_api_key': async (call) => {
    const { tenant_id, expires_at } = await call.body(v.object({ ...named, expires_at: maybe(timestamp) }));
    const api_key = await replaceKey(call, ofTenant(call, tenant_id), expires_at);
    return { ok: true, tenant_id, api_key, message: 'API key created. Save it, it is not shown again.' };
  },
  'POST /tenants/revoke_api_key': async (call) => {
    const { tenant_id } = await call.body(reference);
    await revokeKeys(call, ofTenant(call, tenant_id));
    return { ok: true, tenant_id, message: 'API key revoked' };
  },
};
