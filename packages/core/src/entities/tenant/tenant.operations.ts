// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Clock } from '../../clock.ts';
import type { MakePk } from '../../identity.ts';
import { page, pageOf, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import { reachOf } from '../../operations/principal.ts';
import type { AccountStore } from '../account/account.store.ts';
import { UNLIMITED } from '../api-key/api-key.model.ts';
import type { ApiKeyStore } from '../api-key/api-key.store.ts';
import { CLEAR_MODES, type ClearMail, type ClearMode } from '../message/clear-mail.ts';
import type { TenantRoom } from '../message/tenant-room.ts';
import {
  createdTenantOutput,
  createTenantInput,
  suspendedTenantOutput,
  tenantOutput,
  tenantUsageOutput,
  tenantView,
  updateTenantInput,
  updateTenantSendingInput,
} from './tenant.schema.ts';
import type { TenantStore } from './tenant.store.ts';

/** What the operations on tenants use. */
export interface TenantServices {
  readonly tenants: TenantStore;
  readonly apiKeys: ApiKeyStore;
  readonly clock: Clock;
  readonly makePk: MakePk;
  /** How much of a tenant's mail waits. */
  readonly room: Pick<TenantRoom, 'limitsOf'>;
  /** Leave no mail of an account. */
  readonly clearMail: ClearMail;
  readonly accounts: Pick<AccountStore, 'list' | 'delete'>;
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
  enterpriseFields: ['bounces', 'large_file_config', 'pec'],
  input: createTenantInput,
  output: createdTenantOutput,
  run: async ({ tenants, apiKeys, clock, makePk }: TenantServices, input, { also }) => {
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
    const tenant = await tenants.create(input, now, [insert, ...(also?.(input.id) ?? [])]);
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
  output: tenantOutput,
  run: async ({ tenants }: TenantServices, input, { reach }) => tenantView(await tenants.get(reach, input.tenant_id)),
});

const getTenantUsage = defineOperation({
  name: 'tenants.usage',
  summary: "Show how much of a tenant's mail waits, and how much may",
  http: { method: 'GET', path: '/v1/tenants/{tenant_id}/usage' },
  access: 'tenant',
  scope: 'tenant:read',
  audit: false,
  input: v.strictObject({ tenant_id: tenantId }),
  output: tenantUsageOutput,
  async run({ tenants, waitingUsage, room }: TenantServices, input, { reach }) {
    const { id, max_pending, max_bytes } = await tenants.get(reach, input.tenant_id);
    const { maxPending, maxBytes } = room.limitsOf({ maxPending: max_pending, maxBytes: max_bytes });
    return { ...(await waitingUsage(id)), max_pending: maxPending, max_bytes: maxBytes };
  },
});

const updateTenant = defineOperation({
  name: 'tenants.update',
  summary: 'Change a tenant; a field that is absent stays, null clears it or sets its default',
  http: { method: 'PATCH', path: '/v1/tenants/{tenant_id}' },
  access: 'admin',
  audit: true,
  enterpriseFields: ['bounces', 'large_file_config', 'pec'],
  input: updateTenantInput,
  output: tenantOutput,
  run: async ({ tenants, clock }: TenantServices, { tenant_id, ...settings }, { reach, also }) =>
    tenantView(await tenants.update(reach, tenant_id, settings, { now: clock.now(), also: also?.(tenant_id) })),
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
    tenantView(await tenants.update(reach, tenant_id, settings, { now: clock.now() })),
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
  summary: 'Delete a tenant that has no accounts and no messages, with its keys and storages, or with all of that',
  http: { method: 'DELETE', path: '/v1/tenants/{tenant_id}', status: 204 },
  access: 'admin',
  audit: true,
  input: v.strictObject({
    tenant_id: tenantId,
    /** Cancel what waits, remove what is done, and delete its accounts; `discard` removes what it was not told of, too. */
    mode: v.optional(v.picklist(CLEAR_MODES)),
  }),
  output: v.null(),
  run: async (services: TenantServices, { tenant_id, mode }, { reach }) => {
    const { tenants, apiKeys } = services;
    if (mode !== undefined) await clearTenant(services, await tenants.get(reach, tenant_id), mode);
    await tenants.delete(reach, tenant_id);
    apiKeys.forget();
    return null;
  },
});

/** Remove all mail of a tenant, and then its accounts. */
async function clearTenant(
  { accounts, clearMail }: Pick<TenantServices, 'accounts' | 'clearMail'>,
  { id }: { readonly id: string },
  mode: ClearMode,
): Promise<void> {
  await clearMail({ tenantId: id, accountPk: null }, mode);
  const own = reachOf(id);
  for (;;) {
    const { items } = await accounts.list(own, { limit: ACCOUNTS_AT_ONCE });
    if (items.length === 0) return;
    for (const { pk } of items) await accounts.delete(own, pk);
  }
}

const ACCOUNTS_AT_ONCE = 100;

/** Commands on tenants. */
export const tenantOperations = [
  createTenant,
  listTenants,
  getTenant,
  getTenantUsage,
  updateTenant,
  updateTenantSending,
  suspendTenant,
  activateTenant,
  deleteTenant,
] as const;
