// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { InputProblem } from '../../errors.ts';
import { clientId, integer, page, pageOf, rfc3339, tenantId, timestamp } from '../../operations/fields.ts';
import { invalidInput } from '../../operations/validate.ts';
import type { TlsMode } from '../../smtp/session.types.ts';
import { certificates, host, password, servername, tlsMode, user } from './account.fields.ts';
import type { Account, AccountSettings } from './account.model.ts';

const DEFAULT_MAX_CONNECTIONS = 10;
const DEFAULT_MAX_MESSAGES_PER_CONNECTION = 100;
/** RFC 8314, 7.3: submission with TLS from the first byte. */
const IMPLICIT_TLS_PORT = 465;

const port = integer(1, 65_535);

/** Fields that have a value without being given. */
const optionalSettings = {
  user: v.nullish(user),
  password: v.nullish(password),
  tls: v.nullish(tlsMode),
  tls_servername: v.nullish(servername),
  tls_ca: v.nullish(certificates),
  tls_insecure: v.optional(v.boolean()),
  is_default: v.optional(v.boolean()),
  max_connections: v.nullish(integer(1, 1_000)),
  max_messages_per_connection: v.nullish(integer(1, 1_000_000)),
};

export const createAccountInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  id: clientId,
  host,
  port,
  ...optionalSettings,
});

const reference = { account_id: clientId, tenant_id: v.optional(tenantId) };

export const accountReference = v.strictObject(reference);

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
  host: v.string(),
  port: v.number(),
  user: v.nullable(v.string()),
  /** The password itself is never shown. */
  has_password: v.boolean(),
  tls: tlsMode,
  tls_servername: v.nullable(v.string()),
  tls_ca: v.nullable(v.string()),
  tls_insecure: v.boolean(),
  is_default: v.boolean(),
  max_connections: v.number(),
  max_messages_per_connection: v.number(),
  created_at: timestamp,
  updated_at: timestamp,
});

export const accountPage = pageOf(accountOutput);

type SettingsInput = Omit<v.InferOutput<typeof updateAccountInput>, keyof typeof reference>;

/**
 * Settings from input over those of the account as it is, or over the defaults for a new one.
 *
 * @throws {MailProxyError} `invalid_input` for fields that do not go together
 */
export function settingsFrom(
  input: SettingsInput,
  { host, port, current }: { readonly host: string; readonly port: number; readonly current?: Account },
): AccountSettings {
  const user = kept(input.user, current?.user, null);
  const settings = {
    host,
    port,
    user,
    tls: kept(input.tls, current?.tls, defaultTls(port, user)),
    tls_servername: kept(input.tls_servername, current?.tls_servername, null),
    tls_ca: kept(input.tls_ca, current?.tls_ca, null),
    tls_insecure: input.tls_insecure ?? current?.tls_insecure ?? false,
    is_default: input.is_default ?? current?.is_default ?? false,
    max_connections: kept(input.max_connections, current?.max_connections, DEFAULT_MAX_CONNECTIONS),
    max_messages_per_connection: kept(
      input.max_messages_per_connection,
      current?.max_messages_per_connection,
      DEFAULT_MAX_MESSAGES_PER_CONNECTION,
    ),
  };
  const hasPassword = input.password === undefined ? current?.has_password === true : input.password !== null;
  const problems = problemsOf(settings, hasPassword);
  if (problems.length > 0) throw invalidInput(problems);
  return input.password === undefined ? settings : { ...settings, password: input.password };
}

/** Absent keeps what is, null gives what is without saying. */
function kept<Value>(given: Value | null | undefined, current: Value | undefined, otherwise: Value): Value {
  if (given !== undefined) return given ?? otherwise;
  return current === undefined ? otherwise : current;
}

/** With a user a password travels, which must not go in clear unless that is asked for. */
function defaultTls(port: number, user: string | null): TlsMode {
  if (port === IMPLICIT_TLS_PORT) return 'implicit';
  return user === null ? 'opportunistic' : 'starttls';
}

function problemsOf(settings: { readonly user: string | null }, hasPassword: boolean): readonly InputProblem[] {
  if (settings.user === null && hasPassword) return [{ pointer: '/user', message: 'required with a password' }];
  if (settings.user !== null && !hasPassword) return [{ pointer: '/password', message: 'required with a user' }];
  return [];
}

export function accountView({ version: _, ...account }: Account): v.InferOutput<typeof accountOutput> {
  return { ...account, created_at: rfc3339(account.created_at), updated_at: rfc3339(account.updated_at) };
}
