// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { line, rfc3339, rfc3339OrNull, tenantId, timestamp } from '../../operations/fields.ts';
import type { ApiKey } from './api-key.store.ts';

export const keyId = line(64);

export const createApiKeyInput = v.strictObject({ tenant_id: tenantId, label: v.nullish(line(100)) });

const view = {
  id: v.string(),
  tenant_id: v.nullable(v.string()),
  label: v.string(),
  created_at: timestamp,
  expires_at: v.nullable(timestamp),
  revoked_at: v.nullable(timestamp),
};

export const apiKeyOutput = v.object(view);
/** With the token, which only its holder has from then on. */
export const createdApiKeyOutput = v.object({ ...view, api_key: v.string() });

export function apiKeyView(key: ApiKey): v.InferOutput<typeof apiKeyOutput> {
  return {
    id: key.id,
    tenant_id: key.tenant_id,
    label: key.label,
    created_at: rfc3339(key.created_at),
    expires_at: rfc3339OrNull(key.expires_at),
    revoked_at: rfc3339OrNull(key.revoked_at),
  };
}
