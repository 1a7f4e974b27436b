// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields } from '@mail-proxy/core';
import * as v from 'valibot';
import { UNMATCHED_REASONS, type UnmatchedBouncesTable } from './bounce.table.ts';
import { MATCHED_BY } from './correlate.ts';
import type { ReceivedBounce } from './receive-bounce.ts';
import { MAX_PREFIX } from './return-path.ts';
import { type BounceSettings, DEFAULT_SETTINGS } from './settings.store.ts';
import type { UnmatchedRecipient } from './unmatched.store.ts';

export const receivedOutput = v.object({
  kind: v.picklist(['bounce', 'delay', 'complaint', 'success-dsn', 'autoreply', 'challenge', 'mdn', 'report', 'other']),
  /** How it named its message; null where none was found, or none was looked for. */
  matched_by: v.nullable(v.picklist(MATCHED_BY)),
  /** It is a bounce or a complaint, and was kept with those whose messages are not known. */
  unmatched: v.boolean(),
  /** One for each recipient that it is about. */
  events: v.array(
    v.object({
      id: v.string(),
      type: v.picklist(['bounce', 'complaint']),
      tenant_id: v.string(),
      pk: v.string(),
      message_id: v.string(),
      recipient: v.string(),
      /** False where the same was told before; then there is no event of this id. */
      is_new: v.boolean(),
    }),
  ),
});

export function toReceived({
  kind,
  matchedBy,
  isUnmatched,
  events,
}: ReceivedBounce): v.InferOutput<typeof receivedOutput> {
  return {
    kind,
    matched_by: matchedBy,
    unmatched: isUnmatched,
    events: events.map((event) => ({
      id: event.eventPk,
      type: event.type,
      tenant_id: event.tenantId,
      pk: event.messagePk,
      message_id: event.messageId,
      recipient: event.recipient,
      is_new: event.isNew,
    })),
  };
}

export const unmatchedOutput = v.object({
  pk: v.string(),
  /** Null where it came to a mailbox of the operator's. */
  tenant_id: v.nullable(v.string()),
  kind: v.picklist(['bounce', 'complaint']),
  /** Nothing names a message of the tenant's, or none of its recipients is meant. */
  why: v.picklist(UNMATCHED_REASONS),
  recipients: v.array(
    v.object({ address: v.string(), status: v.nullable(v.string()), reason: v.nullable(v.string()) }),
  ),
  /** Message-ID of what it is about, as it says. */
  message_id: v.nullable(v.string()),
  reporting_mta: v.nullable(v.string()),
  received_at: fields.timestamp,
});

export function toUnmatched(row: UnmatchedBouncesTable): v.InferOutput<typeof unmatchedOutput> {
  const { pk, tenant_id, kind, why, message_id, reporting_mta, received_at } = row;
  // Nothing else is ever written there.
  const recipients = JSON.parse(row.recipients) as UnmatchedRecipient[];
  return { pk, tenant_id, kind, why, recipients, message_id, reporting_mta, received_at: fields.rfc3339(received_at) };
}

const domain = v.pipe(
  v.string(),
  v.maxLength(253, 'expected at most 253 characters'),
  v.regex(
    /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/i,
    'expected the name of a domain, in ASCII',
  ),
);

const prefix = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9_-]*$/i, 'expected letters, digits, _ and -'),
  v.maxLength(MAX_PREFIX, `expected at most ${MAX_PREFIX} characters`),
);

const settings = {
  /** Domain of the addresses to which bounces come; null keeps the return path of each message. */
  return_path_domain: v.nullish(domain),
  /** What stands before the + of these addresses. */
  return_path_prefix: v.nullish(prefix),
  /** Each recipient has an address, and so a transaction, of its own. */
  per_recipient: v.nullish(v.boolean()),
  /** What only ids that anybody may know lead to counts for the suppression list, too. */
  trust_unsigned_ids: v.nullish(v.boolean()),
};

export const settingsInput = v.strictObject({ tenant_id: fields.tenantId, ...settings });

/** As a field of the tenant: what is absent is the default. */
export const tenantSettings = v.pipe(
  v.strictObject(settings),
  v.check(
    (given) => given.per_recipient !== true || typeof given.return_path_domain === 'string',
    'expected return_path_domain with per_recipient: without it recipients have no return paths',
  ),
);

export function settingsView(settings: BounceSettings): v.InferOutput<typeof tenantSettings> {
  const { tenant_id: _, enabled: __, ...view } = toSettings('', settings);
  return view;
}

export const settingsOutput = v.object({
  tenant_id: v.string(),
  /** Whether envelopes are named and addressed for bounces. */
  enabled: v.boolean(),
  return_path_domain: v.nullable(v.string()),
  return_path_prefix: v.string(),
  per_recipient: v.boolean(),
  trust_unsigned_ids: v.boolean(),
});

export function toSettings(tenantId: string, settings: BounceSettings | null): v.InferOutput<typeof settingsOutput> {
  const { returnPathDomain, returnPathPrefix, perRecipient, trustUnsignedIds } = settings ?? DEFAULT_SETTINGS;
  return {
    tenant_id: tenantId,
    enabled: settings !== null,
    return_path_domain: returnPathDomain,
    return_path_prefix: returnPathPrefix,
    per_recipient: perRecipient,
    trust_unsigned_ids: trustUnsignedIds,
  };
}

/** What is absent stays, null is the default. */
export function changed(settings: BounceSettings, input: v.InferOutput<typeof tenantSettings>): BounceSettings {
  const pick = <T>(given: T | null | undefined, now: T, usual: T): T =>
    given === undefined ? now : given === null ? usual : given;
  const usual = DEFAULT_SETTINGS;
  return {
    returnPathDomain: pick(input.return_path_domain, settings.returnPathDomain, usual.returnPathDomain),
    returnPathPrefix: pick(input.return_path_prefix, settings.returnPathPrefix, usual.returnPathPrefix),
    perRecipient: pick(input.per_recipient, settings.perRecipient, usual.perRecipient),
    trustUnsignedIds: pick(input.trust_unsigned_ids, settings.trustUnsignedIds, usual.trustUnsignedIds),
  };
}
