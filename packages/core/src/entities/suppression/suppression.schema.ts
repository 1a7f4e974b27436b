// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import {
  content,
  dateTime,
  line,
  page,
  pageOf,
  rfc3339,
  rfc3339OrNull,
  tenantId,
  timestamp,
} from '../../operations/fields.ts';
import { SUPPRESSION_REASONS, type SuppressionsTable } from './suppression.table.ts';

/** As the longest that an address may be, in quotes and punycode; what it must be is said where it is read. */
const address = v.pipe(line(1_000), v.minLength(1, 'expected an address, or @domain'));
const reason = v.picklist(SUPPRESSION_REASONS);
const note = content(line(500));

export const addSuppressionInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  /** An address, or `@example.org` for all addresses of that domain. */
  address,
  reason: v.optional(reason, 'manual'),
  note: v.nullish(note),
  /** From then on mail goes there again; null for never. */
  expires_at: v.nullish(dateTime),
});

/** Most entries in one request. */
const MAX_ENTRIES = 1_000;

/** Read one by one, so that a wrong one refuses itself only. */
const entry = v.strictObject({
  address: v.string(),
  /** `import` by default. */
  reason: v.optional(v.string()),
  note: v.nullish(v.string()),
  expires_at: v.nullish(v.string()),
  /** On whose list it was, as an export says it: refused where that is another one. */
  tenant_id: v.optional(v.string()),
});

export const entryFields = v.strictObject({
  address,
  reason: v.optional(reason, 'import'),
  note: v.nullish(note),
  expires_at: v.nullish(dateTime),
  tenant_id: v.optional(v.string()),
});

export const importSuppressionsInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  entries: content(
    v.pipe(
      v.array(entry),
      v.minLength(1, 'expected at least one entry'),
      v.maxLength(MAX_ENTRIES, `expected at most ${MAX_ENTRIES} entries`),
    ),
  ),
  /** What is done where an address is on the list already: it takes what the entry says, or stays as it is. */
  on_existing: v.optional(v.picklist(['replace', 'keep']), 'replace'),
});

export const importedOutput = v.object({
  added: v.number(),
  replaced: v.number(),
  kept: v.number(),
  rejected: v.number(),
  /** One for each entry, in their order. */
  results: v.array(
    v.object({
      index: v.number(),
      status: v.picklist(['added', 'replaced', 'kept', 'rejected']),
      /** As the list has it; null where it is none. */
      address: v.nullable(v.string()),
      /** What is wrong with it, by JSON pointers into the request. */
      problems: v.optional(v.array(v.object({ pointer: v.string(), message: v.string() }))),
    }),
  ),
});

/** The address in any form that means the same, or the pk. */
export const suppressionReference = v.strictObject({ address, tenant_id: v.optional(tenantId) });

const filters = {
  tenant_id: v.optional(tenantId),
  reason: v.optional(reason),
  /** Entries of addresses in this domain, and that of the domain itself. */
  domain: v.optional(line(255)),
  /** Made then or later. */
  since: v.optional(dateTime),
};

export const listSuppressionsInput = v.strictObject({ ...filters, ...page });
export const exportSuppressionsInput = v.strictObject(filters);

export const checkSuppressionInput = v.strictObject({ tenant_id: v.optional(tenantId), address });

export const suppressionOutput = v.object({
  pk: v.string(),
  tenant_id: v.string(),
  address: v.string(),
  reason,
  note: v.nullable(v.string()),
  /** Of the bounce, the complaint or the attempt by which it came here. */
  source_event_id: v.nullable(v.string()),
  /** How often it kept a message from somebody, about: written once a minute. */
  stopped: v.number(),
  last_stopped_at: v.nullable(timestamp),
  created_at: timestamp,
  updated_at: timestamp,
  /** Null: it stays for good. */
  expires_at: v.nullable(timestamp),
});

export const suppressionPage = pageOf(suppressionOutput);

export const checkedOutput = v.object({
  /** As the list would have it. */
  address: v.string(),
  suppressed: v.boolean(),
  /** The entry that stops mail to it: its own, else that of its domain. */
  by: v.nullable(v.string()),
  reason: v.nullable(reason),
});

export function suppressionView(row: SuppressionsTable): v.InferOutput<typeof suppressionOutput> {
  const { source_event_pk, last_stopped_at, created_at, updated_at, expires_at, ...plain } = row;
  return {
    ...plain,
    source_event_id: source_event_pk,
    last_stopped_at: rfc3339OrNull(last_stopped_at),
    created_at: rfc3339(created_at),
    updated_at: rfc3339(updated_at),
    expires_at: rfc3339OrNull(expires_at),
  };
}
