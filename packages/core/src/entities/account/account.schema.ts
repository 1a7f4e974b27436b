// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import {
  clientId,
  dateTime,
  integer,
  line,
  page,
  pageOf,
  rfc3339,
  rfc3339OrNull,
  secret,
  tenantId,
  timestamp,
} from '../../operations/fields.ts';
import { retryPolicyInput } from '../../retry-policy.ts';
import type { PeerCertificate } from '../../smtp/connection.ts';
import type { RelayVerification } from '../../smtp/verify-relay.ts';
import {
  accountType,
  authMethod,
  certificates,
  ehloName,
  host,
  limitBehavior,
  limitFields,
  limitOutputs,
  oauth,
  password,
  pauseKind,
  privateKey,
  servername,
  tlsMinVersion,
  tlsMode,
  user,
  weight,
} from './account.fields.ts';
import type { Account } from './account.model.ts';

const port = integer(1, 65_535);

/** Fields that have a value without being given. */
const optionalSettings = {
  user: v.nullish(user),
  password: v.nullish(secret(password)),
  auth_method: v.nullish(authMethod),
  oauth: v.nullish(secret(oauth)),
  tls: v.nullish(tlsMode),
  tls_servername: v.nullish(servername),
  tls_ca: v.nullish(certificates),
  tls_insecure: v.optional(v.boolean()),
  tls_min_version: v.nullish(tlsMinVersion),
  tls_client_cert: v.nullish(certificates),
  tls_client_key: v.nullish(secret(privateKey)),
  ehlo_name: v.nullish(ehloName),
  is_default: v.optional(v.boolean()),
  max_connections: v.nullish(integer(1, 1_000)),
  max_messages_per_connection: v.nullish(integer(1, 1_000_000)),
  weight: v.nullish(weight),
  ...limitFields,
  limit_behavior: v.nullish(limitBehavior),
  retry: v.nullish(retryPolicyInput),
};

export const createAccountInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  id: clientId,
  /** `sandbox`: mail is composed and captured, and sent to nobody. Stays as it is. */
  type: v.optional(accountType, 'smtp'),
  /** Required, unless it is a sandbox. */
  host: v.optional(host),
  /** Required, unless it is a sandbox. */
  port: v.optional(port),
  ...optionalSettings,
});

const reference = { account_id: clientId, tenant_id: v.optional(tenantId) };

export const accountReference = v.strictObject(reference);

export const pauseAccountInput = v.strictObject({
  ...reference,
  /** It goes on by itself then; absent: until it is resumed. */
  until: v.optional(dateTime),
  /** Shown wherever the pause is. */
  reason: v.optional(line(500)),
});

/** Absent keeps; null clears, or sets what an account has by default. */
export const updateAccountInput = v.strictObject({
  ...reference,
  host: v.optional(host),
  port: v.optional(port),
  ...optionalSettings,
});

export const listAccountsInput = v.strictObject({ tenant_id: v.optional(tenantId), ...page });

export const accountOutput = v.object({
  pk: v.string(),
  id: v.string(),
  tenant_id: v.string(),
  type: accountType,
  /** Of a sandbox a name that nobody can have. */
  host: v.string(),
  port: v.number(),
  user: v.nullable(v.string()),
  /** The password itself is never shown. */
  has_password: v.boolean(),
  auth_method: authMethod,
  /** Nor are the token and what it is asked for with. */
  has_oauth: v.boolean(),
  tls: tlsMode,
  tls_servername: v.nullable(v.string()),
  tls_ca: v.nullable(v.string()),
  tls_insecure: v.boolean(),
  tls_min_version: v.nullable(tlsMinVersion),
  tls_client_cert: v.nullable(v.string()),
  /** Nor is the key. */
  has_tls_client_key: v.boolean(),
  ehlo_name: v.nullable(v.string()),
  is_default: v.boolean(),
  max_connections: v.number(),
  max_messages_per_connection: v.number(),
  weight: v.number(),
  ...limitOutputs,
  limit_behavior: limitBehavior,
  /** Null: the tenant's, else the instance's. */
  retry: v.nullable(retryPolicyInput),
  /** Set while the account is left alone. */
  pause_kind: v.nullable(pauseKind),
  /** Until when it is; null where it is not, or where only `accounts.resume` ends it. */
  paused_until: v.nullable(timestamp),
  pause_reason: v.nullable(
    v.object({ stage: v.string(), code: v.nullable(v.number()), enhanced: v.nullable(v.string()), reply: v.string() }),
  ),
  /** Failures in a row since it was paused; 0 while it is not, and where a person paused it. */
  pause_failures: v.number(),
  created_at: timestamp,
  updated_at: timestamp,
});

export const accountPage = pageOf(accountOutput);

/** What may be given of a new account or of a change. */
export type SettingsInput = Omit<v.InferOutput<typeof updateAccountInput>, keyof typeof reference>;

/** What came of trying the account out. */
export const verificationOutput = v.object({
  ok: v.boolean(),
  /** Where it failed; null where it did not. */
  stage: v.nullable(v.string()),
  code: v.nullable(v.number()),
  enhanced: v.nullable(v.string()),
  /** What the relay said, or what failed. */
  reply: v.nullable(v.string()),
  duration_ms: v.number(),
  /** Null where the connection stayed in clear, or there was none. */
  tls: v.nullable(v.object({ version: v.string(), cipher: v.string() })),
  /** Of the relay; null where `tls` is. */
  certificate: v.nullable(
    v.object({ subject: v.string(), issuer: v.string(), valid_from: timestamp, valid_to: timestamp }),
  ),
  /** What the relay offers to this account; null where it failed before. */
  capabilities: v.nullable(
    v.object({
      /** Largest message in bytes; null where it does not say. */
      size: v.nullable(v.number()),
      pipelining: v.boolean(),
      eight_bit_mime: v.boolean(),
      smtp_utf8: v.boolean(),
      auth_mechanisms: v.array(v.string()),
    }),
  ),
  /** What was said, without credentials. */
  transcript: v.array(v.string()),
});

export function accountView({
  version: _,
  host_checked: __,
  pause,
  ...account
}: Account): v.InferOutput<typeof accountOutput> {
  return {
    ...account,
    pause_kind: pause === null ? null : pause.isByHand ? 'manual' : 'failures',
    paused_until: rfc3339OrNull(pause?.until ?? null),
    pause_reason: pause?.reason ?? null,
    pause_failures: pause?.failures ?? 0,
    created_at: rfc3339(account.created_at),
    updated_at: rfc3339(account.updated_at),
  };
}

export function verificationView(found: RelayVerification): v.InferOutput<typeof verificationOutput> {
  const { ok, durationMs: duration_ms, transcript } = found;
  if (!ok) {
    const { stage, code, enhanced, reply } = found;
    return {
      ok,
      stage,
      code,
      enhanced,
      reply,
      duration_ms,
      tls: null,
      certificate: null,
      capabilities: null,
      transcript: [...transcript],
    };
  }
  const { tls, certificate, size, pipelining, eightBitMime, smtpUtf8, authMechanisms } = found.capabilities;
  return {
    ok,
    stage: null,
    code: null,
    enhanced: null,
    reply: null,
    duration_ms,
    tls,
    certificate: certificate === null ? null : certificateView(certificate),
    capabilities: {
      size,
      pipelining,
      eight_bit_mime: eightBitMime,
      smtp_utf8: smtpUtf8,
      auth_mechanisms: [...authMechanisms],
    },
    transcript: [...transcript],
  };
}

function certificateView({ subject, issuer, validFrom, validTo }: PeerCertificate) {
  return { subject, issuer, valid_from: rfc3339(validFrom), valid_to: rfc3339(validTo) };
}
