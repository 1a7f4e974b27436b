// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { httpUrl, line, rfc3339, tenantId, timestamp, urlPath } from '../../operations/fields.ts';
import { clientAuth } from './client-auth.ts';
import type { Tenant } from './tenant.store.ts';

const settings = {
  name: v.nullish(line(200)),
  client_base_url: v.nullish(httpUrl),
  client_sync_path: v.nullish(urlPath),
  client_attachment_path: v.nullish(urlPath),
  client_auth: v.nullish(clientAuth),
};

export const createTenantInput = v.strictObject({ id: tenantId, ...settings });

/** Absent keeps, null clears. */
export const updateTenantInput = v.strictObject({ tenant_id: tenantId, ...settings });

const view = {
  id: v.string(),
  name: v.nullable(v.string()),
  client_base_url: v.nullable(v.string()),
  client_sync_path: v.nullable(v.string()),
  client_attachment_path: v.nullable(v.string()),
  /** The method only: what was given with it is never shown again. */
  client_auth: v.nullable(v.object({ method: v.picklist(['none', 'bearer', 'basic']) })),
  created_at: timestamp,
  updated_at: timestamp,
};

export const tenantOutput = v.object(view);
/** With the tenant's first key, which is shown this once. */
export const createdTenantOutput = v.object({ ...view, api_key: v.string() });

export function tenantView(tenant: Tenant): v.InferOutput<typeof tenantOutput> {
  return { ...tenant, created_at: rfc3339(tenant.created_at), updated_at: rfc3339(tenant.updated_at) };
}
