// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { defineOperation } from '../../operations/operation.ts';
import type { TenantStore } from '../tenant/tenant.store.ts';
import {
  apiKeyOutput,
  apiKeyPage,
  apiKeyReference,
  apiKeyView,
  createApiKeyInput,
  createdApiKeyOutput,
  listApiKeysInput,
  rotateApiKeyInput,
  rotatedApiKeyOutput,
  updateApiKeyInput,
} from './api-key.schema.ts';
import { type ApiKeyServices, createKey, rotateKey, updateKey } from './key-commands.ts';

const createApiKey = defineOperation({
  name: 'api-keys.create',
  summary: 'Add an API key to a tenant; it is shown this once',
  http: { method: 'POST', path: '/v1/tenants/{tenant_id}/api-keys', status: 201 },
  access: 'tenant',
  scope: 'keys:write',
  audit: true,
  input: createApiKeyInput,
  output: createdApiKeyOutput,
  run: async (services: ApiKeyServices, { tenant_id: tenantId, ...input }, { principal }) => {
    const { token, key } = await createKey(services, { principal, owner: { tenantId } }, { kind: 'tenant', ...input });
    return { ...apiKeyView(key), api_key: token };
  },
});

const listApiKeys = defineOperation({
  name: 'api-keys.list',
  summary: "List a tenant's API keys, revoked ones included",
  http: { method: 'GET', path: '/v1/tenants/{tenant_id}/api-keys' },
  access: 'tenant',
  scope: 'keys:read',
  audit: false,
  input: listApiKeysInput,
  output: apiKeyPage,
  run: async ({ tenants, apiKeys }: ApiKeyServices & { readonly tenants: TenantStore }, input, { reach }) => {
    await tenants.get(reach, input.tenant_id);
    const { items, next } = await apiKeys.list({ tenantId: input.tenant_id }, input);
    return { items: items.map(apiKeyView), next };
  },
});

const getApiKey = defineOperation({
  name: 'api-keys.get',
  summary: 'Show an API key',
  http: { method: 'GET', path: '/v1/tenants/{tenant_id}/api-keys/{key_id}' },
  access: 'tenant',
  scope: 'keys:read',
  audit: false,
  input: apiKeyReference,
  output: apiKeyOutput,
  run: async ({ apiKeys }: ApiKeyServices, { tenant_id: tenantId, key_id }) =>
    apiKeyView(await apiKeys.get({ tenantId }, key_id)),
});

const updateApiKey = defineOperation({
  name: 'api-keys.update',
  summary: 'Change an API key; a field that is absent stays, null takes the limit away',
  http: { method: 'PATCH', path: '/v1/tenants/{tenant_id}/api-keys/{key_id}' },
  access: 'tenant',
  scope: 'keys:write',
  audit: true,
  input: updateApiKeyInput,
  output: apiKeyOutput,
  run: async (services: ApiKeyServices, { tenant_id: tenantId, key_id: id, ...given }, { principal }) =>
    apiKeyView(await updateKey(services, { principal, owner: { tenantId } }, { id, ...given })),
});

const rotateApiKey = defineOperation({
  name: 'api-keys.rotate',
  summary: 'Make a new API key in the place of one, which goes on for a while',
  http: { method: 'POST', path: '/v1/tenants/{tenant_id}/api-keys/{key_id}/rotate', status: 201 },
  access: 'tenant',
  scope: 'keys:write',
  audit: true,
  input: rotateApiKeyInput,
  output: rotatedApiKeyOutput,
  run: async (services: ApiKeyServices, { tenant_id: tenantId, key_id: id, overlap_seconds }, { principal }) => {
    const command = { principal, owner: { tenantId } };
    const { drafted, old } = await rotateKey(services, command, { id, overlapMs: overlap_seconds * 1_000 });
    return { ...apiKeyView(drafted.key), api_key: drafted.token, replaces: apiKeyView(old) };
  },
});

const revokeApiKey = defineOperation({
  name: 'api-keys.revoke',
  summary: 'Revoke an API key, at once and on every instance',
  http: { method: 'DELETE', path: '/v1/tenants/{tenant_id}/api-keys/{key_id}', status: 204 },
  access: 'tenant',
  scope: 'keys:write',
  audit: true,
  input: apiKeyReference,
  output: v.null(),
  run: async ({ apiKeys, clock }: ApiKeyServices, { tenant_id: tenantId, key_id }) => {
    await apiKeys.revoke({ tenantId }, key_id, clock.now());
    return null;
  },
});

/** Commands on the keys of tenants. */
export const apiKeyOperations = [
  createApiKey,
  listApiKeys,
  getApiKey,
  updateApiKey,
  rotateApiKey,
  revokeApiKey,
] as const;
