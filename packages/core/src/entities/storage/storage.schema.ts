// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import {
  clientId,
  line,
  objectOf,
  page,
  pageOf,
  rfc3339,
  secret,
  tenantId,
  timestamp,
} from '../../operations/fields.ts';
import type { Storage } from './storage.store.ts';

/** Characters of a configuration as JSON. */
const MAX_CONFIG_LENGTH = 65_536;

/** Levels of it: no storage needs more than two, and what is too deep cannot be written as JSON at all. */
const MAX_CONFIG_DEPTH = 32;

/** It stands before the colon of `name:path`. */
const storageName = v.pipe(clientId, v.regex(/^[^:]*$/, 'expected no colon'));

export const createStorageInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  name: storageName,
  protocol: v.pipe(line(32), v.regex(/^[a-z][a-z0-9+.-]*$/, 'expected a protocol in lower case, such as local or s3')),
  /** Addresses and credentials, as the protocol needs them. */
  config: v.nullish(
    secret(
      v.pipe(
        objectOf(v.unknown()),
        v.check(
          (config) => isWithin(config, MAX_CONFIG_DEPTH),
          `expected at most ${MAX_CONFIG_DEPTH} levels of objects and lists`,
        ),
        v.check(
          (config) => JSON.stringify(config).length <= MAX_CONFIG_LENGTH,
          `expected at most ${MAX_CONFIG_LENGTH} characters of JSON`,
        ),
      ),
    ),
  ),
});

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1));
}

export const storageReference = v.strictObject({ storage_id: clientId, tenant_id: v.optional(tenantId) });

export const listStoragesInput = v.strictObject({ tenant_id: v.optional(tenantId), ...page });

export const storageOutput = v.object({
  pk: v.string(),
  tenant_id: v.string(),
  name: v.string(),
  protocol: v.string(),
  /** The configuration itself is never shown. */
  has_config: v.boolean(),
  created_at: timestamp,
  updated_at: timestamp,
});

export const storagePage = pageOf(storageOutput);

export function storageView(storage: Storage): v.InferOutput<typeof storageOutput> {
  return { ...storage, created_at: rfc3339(storage.created_at), updated_at: rfc3339(storage.updated_at) };
}
