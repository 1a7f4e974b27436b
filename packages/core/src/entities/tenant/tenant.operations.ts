// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Clock } from '../../clock.ts';
import type { MakePk } from '../../identity.ts';
import { page, pageOf, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import { UNLIMITED } from '../api-key/api-key.model.ts';
import type { ApiKeyStore } from '../api-key/api-key.store.ts';
import {
  createdTenantOutput,
  createTenantInput,
  suspendedTenantOutput,
  tenantOutput,
  tenantView,
  updateTenantInput,
  updateTenantSendingInput,
  usedTenantOutput,
} from './tenant.schema.ts';
import type { TenantStore } from './tenant.store.ts';

/** What the operations on tenants use. */
export interface TenantServices {
  readonly tenants: TenantStore;
  readonly apiKeys: ApiKeyStore;
  readonly clock: Clock;
  readonly makePk: MakePk;
  /** How much of a tenant's mail waits. */
  readonly waitingUsage: (tenantId: string) => Promise<{ readonly pending: number; readonly bytes: number }>;
  /** The tenant was suspended: wait until every instance gave back what it had not begun. */
  readonly tenantSuspended: (tenantId: string) => Promise<void>;
}

const createTenant = defineOperation({
  name: 'tenants.create',
  summary: 'Add a tenant and its first API key',
  http: { method: 'POST', path: '/v1/tenants', status: 201 },
  access: 'admin',
  audit: true,
  input: createTenantInput,
  output: createdTenantOutput,
  run: async ({ tenants, apiKeys, clock, makePk }: TenantServices, input) => {
    const now = clock.now();
    const { token, insert } = apiKeys.draft({
      tenantId: input.id,
      kind: 'tenant',
      label: '',
      limits: UNLIMITED,
      expiresAt: null,
      pk: makePk(),
      now,
    });
    const tenant = await tenants.create(input, now, [insert]);
    return { ...tenantView(tenant), api_key: token };
  },
});

const listTenants = defineOperation({
  name: 'tenants.list',
  summary: 'List the tenants by id',
  http: { method: 'GET', path: '/v1/tenants' },
  access: 'admin',
  audit: false,
  input: v.strictObject({ ...page }),
  output: pageOf(tenantOutput),
  run: async ({ tenants }: TenantServices, input, { reach }) => {
    const { items, next } = await tenants.list(reach, input);
    return { items: items.map(tenantView), next };
  },
});

const getTenant = defineOperation({
  name: 'tenants.get',
  summary: 'Show a tenant',
  http: { method: 'GET', path: '/v1/tenants/{tenant_id}' },
  access: 'tenant',
  scope: 'tenant:read',
  audit: false,
  input: v.strictObject({ tenant_id: tenantId }),
  output: usedTenantOutput,
  async run({ tenants, waitingUsage }: TenantServices, input, { reach }) {
    const tenant = await tenants.get(reach, input.tenant_id);
    return { ...tenantView(tenant), usage: await waitingUsage(tenant.id) };
  },
});

const updateTenant = defineOperation({
  name: 'tenants.update',
  summary: 'Change a tenant; a field that is absent stays, null clears it or sets its default',
  http: { method: 'PATCH', path: '/v1/tenants/{tenant_id}' },
  access: 'admin',
  audit: true,
  input: updateTenantInput,
  output: tenantOutput,
  run: async ({ tenants, clock }: TenantServices, { tenant_id, ...settings }, { reach }) =>
    tenantView(await tenants.update(reach, tenant_id, settings, clock.now())),
});

const updateTenantSending = defineOperation({
  name: 'tenants.update-sending',
  summary: 'Change how mail is retried, answers are read and doubt is settled, with a key of the tenant too',
  http: { method: 'PATCH', path: '/v1/tenants/{tenant_id}/sending' },
  access: 'tenant',
  scope: 'tenant:write',
  audit: true,
  input: updateTenantSendingInput,
  output: tenantOutput,
  run: async ({ tenants, clock }: TenantServices, { tenant_id, ...settings }, { reach }) =>
    tenantView(await tenants.update(reach, tenant_id, settings, clock.now())),
});

const suspendTenant = defineOperation({
  name: 'tenants.suspend',
  summary: "Stop sending a tenant's mail; it is accepted and waits",
  http: { method: 'POST', path: '/v1/tenants/{tenant_id}/suspend' },
  access: 'admin',
  audit: true,
  input: v.strictObject({
    tenant_id: tenantId,
    /** Count only. */
    dry_run: v.optional(v.boolean(), false),
  }),
  output: suspendedTenantOutput,
  async run({ tenants, clock, tenantSuspended }: TenantServices, { tenant_id, dry_run }, { reach }) {
    if (dry_run) {
      const tenant = await tenants.get(reach, tenant_id);
      return { ...tenantView(tenant), waiting: await tenants.countWaiting(reach, tenant_id) };
    }
    const tenant = await tenants.setSuspended(reach, tenant_id, { suspended: true, now: clock.now() });
    await tenantSuspended(tenant_id);
    return tenantView(tenant);
  },
});

const activateTenant = defineOperation({
  name: 'tenants.activate',
  summary: "Go on sending a suspended tenant's mail",
  http: { method: 'POST', path: '/v1/tenants/{tenant_id}/activate' },
  access: 'admin',
  audit: true,
  input: v.strictObject({ tenant_id: tenantId }),
  output: tenantOutput,
  run: async ({ tenants, clock }: TenantServices, input, { reach }) =>
    tenantView(await tenants.setSuspended(reach, input.tenant_id, { suspended: false, now: clock.now() })),
});

const deleteTenant = defineOperation({
  name: 'tenants.delete',
  summary: 'Delete a tenant that has no accounts and no messages, with its keys and storages',
  http: { method: 'DELETE', path: '/v1/tenants/{tenant_id}', status: 204 },
  access: 'admin',
  audit: true,
  input: v.strictObject({ tenant_id: tenantId }),
  output: v.null(),
  run: async ({ tenants, apiKeys }: TenantServices, input, { reach }) => {
    await tenants.delete(reach, input.tenant_id);
    apiKeys.forget();
    return null;
  },
});

/** Commands on tenants. */
export const tenantOperations = [
  createTenant,
  listTenants,
  getTenant,
  updateTenant,
  updateTenantSending,
  suspendTenant,
  activateTenant,
  deleteTenant,
] as const;
