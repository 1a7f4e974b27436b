// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { hostNameOrAddress } from '../../config/host-name.ts';
import {
  httpUrl,
  integer,
  line,
  rfc3339,
  rfc3339OrNull,
  secret,
  tenantId,
  timestamp,
  urlPath,
} from '../../operations/fields.ts';
import { retentionInput } from '../../retention.ts';
import { retryPolicyInput } from '../../retry-policy.ts';
import { replyRulesInput } from '../../smtp/reply-rules.ts';
import { limitFields, limitOutputs, weight } from '../account/account.fields.ts';
import { ON_IN_DOUBT } from '../message/message.table.ts';
import { suppressionPolicyInput } from '../suppression/suppression-policy.ts';
import { clientAuth } from './client-auth.ts';
import type { Tenant } from './tenant.store.ts';

/** What a tenant decides of its own mail; what it costs others is the operator's: weight and limits. */
const sending = {
  /** Refuse messages with 429 while a limit is reached, instead of letting them wait. */
  refuse_over_limit: v.nullish(v.boolean()),
  on_in_doubt: v.nullish(v.picklist(ON_IN_DOUBT)),
  retry: v.nullish(retryPolicyInput),
  reply_rules: v.nullish(replyRulesInput),
  /** After which bounces and complaints an address goes onto the suppression list, and for how long. */
  suppression: v.nullish(suppressionPolicyInput),
};

/** A petabyte. */
const MAX_QUOTA = 1e15;

const settings = {
  name: v.nullish(line(200)),
  client_base_url: v.nullish(httpUrl),
  client_sync_path: v.nullish(urlPath),
  client_attachment_path: v.nullish(urlPath),
  client_auth: v.nullish(secret(clientAuth)),
  weight: v.nullish(weight),
  ...limitFields,
  ...sending,
  /** Whether requests on its behalf may go to private networks; null for what the instance says. */
  allow_private_networks: v.nullish(v.boolean()),
  /** Hosts that they may go to wherever those are, in place of the instance's. */
  allowed_hosts: v.nullish(v.pipe(v.array(hostNameOrAddress), v.maxLength(100, 'expected at most 100 hosts'))),
  /** How long its mail is kept: days or ISO 8601 durations; null for what the instance says. */
  retention: v.nullish(retentionInput),
  /** Most messages that may wait, and most bytes of them, attachments included; null for the instance's. */
  max_pending: v.nullish(integer(1, MAX_QUOTA)),
  max_bytes: v.nullish(integer(1, MAX_QUOTA)),
};

export const createTenantInput = v.strictObject({ id: tenantId, ...settings });

/** Absent keeps; null clears, or sets what a tenant has by default. */
export const updateTenantInput = v.strictObject({ tenant_id: tenantId, ...settings });

/** As {@link updateTenantInput}, of what the tenant may change itself. */
export const updateTenantSendingInput = v.strictObject({ tenant_id: tenantId, ...sending });

const view = {
  id: v.string(),
  name: v.nullable(v.string()),
  client_base_url: v.nullable(v.string()),
  client_sync_path: v.nullable(v.string()),
  client_attachment_path: v.nullable(v.string()),
  /** The method only: what was given with it is never shown again. */
  client_auth: v.nullable(v.object({ method: v.picklist(['none', 'bearer', 'basic']) })),
  weight: v.number(),
  ...limitOutputs,
  refuse_over_limit: v.boolean(),
  on_in_doubt: v.picklist(ON_IN_DOUBT),
  /** Null: the instance's. */
  retry: v.nullable(retryPolicyInput),
  /** Matched before the built-in ones. */
  reply_rules: replyRulesInput,
  allow_private_networks: v.nullable(v.boolean()),
  allowed_hosts: v.nullable(v.array(v.string())),
  retention: v.nullable(retentionInput),
  /** Null: as it is by default. */
  suppression: v.nullable(suppressionPolicyInput),
  max_pending: v.nullable(v.number()),
  max_bytes: v.nullable(v.number()),
  /** Nothing of it is sent. */
  suspended: v.boolean(),
  suspended_at: v.nullable(timestamp),
  created_at: timestamp,
  updated_at: timestamp,
};

export const tenantOutput = v.object(view);
/** What waits of a tenant, and the limits that hold; null for none. */
export const tenantUsageOutput = v.object({
  pending: v.number(),
  bytes: v.number(),
  max_pending: v.nullable(v.number()),
  max_bytes: v.nullable(v.number()),
});
/** With the tenant's first key, which is shown this once. */
export const createdTenantOutput = v.object({ ...view, api_key: v.string() });

/** As it is; asked for with `dry_run`, with how many messages wait for their time or their turn and would be kept back. */
export const suspendedTenantOutput = v.object({ ...view, waiting: v.optional(v.number()) });

export function tenantView(tenant: Tenant): v.InferOutput<typeof tenantOutput> {
  return {
    ...tenant,
    reply_rules: [...tenant.reply_rules],
    allowed_hosts: tenant.allowed_hosts === null ? null : [...tenant.allowed_hosts],
    suspended: tenant.suspended_at !== null,
    suspended_at: rfc3339OrNull(tenant.suspended_at),
    created_at: rfc3339(tenant.created_at),
    updated_at: rfc3339(tenant.updated_at),
  };
}
