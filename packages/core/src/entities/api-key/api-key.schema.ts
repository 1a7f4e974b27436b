// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { ipRange } from '../../config/ip-ranges.ts';
import {
  dateTime,
  integer,
  line,
  page,
  pageOf,
  rfc3339,
  rfc3339OrNull,
  tenantId,
  timestamp,
} from '../../operations/fields.ts';
import { scopeGrant } from '../../operations/scopes.ts';
import { parseAddress } from '../../smtp/compose/address.ts';
import { parseDomain } from '../../smtp/compose/domain.ts';
import type { ApiKey } from './api-key.model.ts';

const MAX_ENTRIES = 100;
/** Thirty days: who forgets to change a program has a month to notice. */
const MAX_OVERLAP_SECONDS = 2_592_000;

export const keyId = line(64);

const listOf = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(
    v.array(item),
    v.minLength(1, 'expected at least one, or null for no limit'),
    v.maxLength(MAX_ENTRIES, `expected at most ${MAX_ENTRIES}`),
  );

/** A domain or an address, as the From of a message has it: in ASCII and in lower case. */
const sender = v.pipe(
  line(320),
  v.check((text) => senderOf(text) !== null, 'expected a domain or an address, as example.com or info@example.com'),
  v.transform((text) => senderOf(text) ?? text),
);

const instanceSettings = {
  label: v.nullish(line(100)),
  expires_at: v.nullish(dateTime),
  /** Addresses and ranges that it may be used from. */
  ip_ranges: v.nullish(listOf(ipRange)),
  /** Requests; several may come at once, up to as many. */
  rate_per_minute: v.nullish(integer(1, 1_000_000)),
};

/** Absent or null: no limit. */
const settings = {
  ...instanceSettings,
  scopes: v.nullish(listOf(scopeGrant)),
  /** Domains and addresses that mail may be from: From and the envelope sender both. */
  senders: v.nullish(listOf(sender)),
};
export type KeySettings = v.InferOutput<v.StrictObjectSchema<typeof settings, undefined>>;

const ofTenant = { tenant_id: tenantId };
const overlap = v.optional(
  integer(0, MAX_OVERLAP_SECONDS),
  // A day: long enough for the next release of whatever holds it.
  86_400,
);

export const createApiKeyInput = v.strictObject({
  ...ofTenant,
  mode: v.optional(v.picklist(['live', 'test']), 'live'),
  ...settings,
});
export const apiKeyReference = v.strictObject({ ...ofTenant, key_id: keyId });
export const updateApiKeyInput = v.strictObject({ ...ofTenant, key_id: keyId, ...settings });
/** Seconds for which the old key goes on. */
export const rotateApiKeyInput = v.strictObject({ ...ofTenant, key_id: keyId, overlap_seconds: overlap });
export const listApiKeysInput = v.strictObject({ ...ofTenant, ...page });

export const createInstanceTokenInput = v.strictObject({ kind: v.picklist(['admin', 'metrics']), ...instanceSettings });
export const instanceTokenReference = v.strictObject({ token_id: keyId });
export const rotateInstanceTokenInput = v.strictObject({ token_id: keyId, overlap_seconds: overlap });
export const listInstanceTokensInput = v.strictObject({ ...page });

const instanceView = {
  id: v.string(),
  label: v.string(),
  ip_ranges: v.nullable(v.array(v.string())),
  rate_per_minute: v.nullable(v.number()),
  created_at: timestamp,
  expires_at: v.nullable(timestamp),
  revoked_at: v.nullable(timestamp),
  /** To the minute or so. */
  last_used_at: v.nullable(timestamp),
};

const view = {
  ...instanceView,
  tenant_id: v.nullable(v.string()),
  mode: v.picklist(['live', 'test']),
  scopes: v.nullable(v.array(scopeGrant)),
  senders: v.nullable(v.array(v.string())),
};

/** With the token, which only its holder has from then on. */
const shownOnce = { api_key: v.string() };

export const apiKeyOutput = v.object(view);
export const apiKeyPage = pageOf(apiKeyOutput);
export const createdApiKeyOutput = v.object({ ...view, ...shownOnce });
export const rotatedApiKeyOutput = v.object({ ...view, ...shownOnce, replaces: apiKeyOutput });

const tokenView = { ...instanceView, kind: v.picklist(['admin', 'metrics']) };
export const instanceTokenOutput = v.object(tokenView);
export const instanceTokenPage = pageOf(instanceTokenOutput);
export const createdInstanceTokenOutput = v.object({ ...tokenView, ...shownOnce });
export const rotatedInstanceTokenOutput = v.object({ ...tokenView, ...shownOnce, replaces: instanceTokenOutput });

export function apiKeyView(key: ApiKey): v.InferOutput<typeof apiKeyOutput> {
  const { tenant_id, mode, scopes, senders } = key;
  return { ...commonView(key), tenant_id, mode, scopes: copy(scopes), senders: copy(senders) };
}

export function instanceTokenView(key: ApiKey): v.InferOutput<typeof instanceTokenOutput> {
  return { ...commonView(key), kind: key.kind === 'metrics' ? 'metrics' : 'admin' };
}

function commonView(key: ApiKey): v.InferOutput<v.ObjectSchema<typeof instanceView, undefined>> {
  return {
    id: key.id,
    label: key.label,
    ip_ranges: copy(key.ip_ranges),
    rate_per_minute: key.rate_per_minute,
    created_at: rfc3339(key.created_at),
    expires_at: rfc3339OrNull(key.expires_at),
    revoked_at: rfc3339OrNull(key.revoked_at),
    last_used_at: rfc3339OrNull(key.last_used_at),
  };
}

function copy<T>(list: readonly T[] | null): T[] | null {
  return list === null ? null : [...list];
}

function senderOf(text: string): string | null {
  if (text.includes('@')) {
    const parsed = parseAddress(text);
    return parsed.ok ? parsed.address.toLowerCase() : null;
  }
  const parsed = parseDomain(text);
  return parsed.ok ? parsed.domain.toLowerCase() : null;
}
