// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { InputProblem } from '../../errors.ts';
import { invalidInput } from '../../operations/validate.ts';
import type { TlsMode } from '../../smtp/session.types.ts';
import { isKeyOf } from './account.fields.ts';
import type { Account, AccountSecrets, AccountSettings } from './account.model.ts';
import type { SettingsInput } from './account.schema.ts';
import type { AccountType } from './account.table.ts';

const DEFAULT_MAX_CONNECTIONS = 10;
/** As many as Exim takes by default (`smtp_accept_max_per_connection`): a new connection costs five round trips. */
const DEFAULT_MAX_MESSAGES_PER_CONNECTION = 1_000;
/** RFC 8314, 7.3: submission with TLS from the first byte. */
const IMPLICIT_TLS_PORT = 465;

/** Nobody can have such a name (RFC 2606, 2): whatever took a sandbox for a relay would reach none. */
const SANDBOX = { host: 'sandbox.invalid', port: 25 };

/** Fields of a relay: what a sandbox has not. */
export const RELAY_FIELDS = [
  'host',
  'port',
  'user',
  'password',
  'auth_method',
  'oauth',
  'tls',
  'tls_servername',
  'tls_ca',
  'tls_insecure',
  'tls_min_version',
  'tls_client_cert',
  'tls_client_key',
  'ehlo_name',
] as const satisfies readonly (keyof SettingsInput)[];

/**
 * Settings of an account that is made.
 *
 * @param byTenant - whether a tenant makes it, who may not send us everywhere
 * @throws {MailProxyError} `invalid_input` for fields that are missing or do not go together
 */
export function newSettings(type: AccountType, input: SettingsInput, byTenant: boolean): AccountSettings {
  if (type === 'sandbox') return settingsFrom(input, { type, ...SANDBOX, host_checked: false });
  const { host, port } = input;
  if (host !== undefined && port !== undefined)
    return settingsFrom(input, { type, host, port, host_checked: byTenant });
  const missing = (['host', 'port'] as const).filter((name) => input[name] === undefined);
  throw invalidInput(missing.map((name) => ({ pointer: `/${name}`, message: 'required' })));
}

/**
 * Settings of an account that is there, with what is given over them.
 *
 * @throws {MailProxyError} `invalid_input` for fields that do not go together
 */
export function changedSettings(current: Account, input: SettingsInput, byTenant: boolean): AccountSettings {
  const { type } = current;
  const { host = current.host, port = current.port } = input;
  const isElsewhere = host !== current.host || port !== current.port;
  // An operator vouches for a host and a port together: of one alone the other may be the tenant's.
  const isVouchedFor = input.host !== undefined && input.port !== undefined;
  const host_checked = byTenant ? current.host_checked || isElsewhere : current.host_checked && !isVouchedFor;
  return settingsFrom(input, { type, host, port, host_checked, current });
}

/** @throws {MailProxyError} `invalid_input` for fields that do not go together */
function settingsFrom(
  input: SettingsInput,
  {
    type,
    host,
    port,
    host_checked,
    current,
  }: Pick<AccountSettings, 'type' | 'host' | 'port' | 'host_checked'> & { readonly current?: Account },
): AccountSettings {
  if (type === 'sandbox') refuseRelay(input);
  const user = kept(input.user, current?.user, null);
  const settings: Settings = {
    type,
    host,
    port,
    host_checked,
    user,
    auth_method: kept(input.auth_method, current?.auth_method, 'auto'),
    tls: kept(input.tls, current?.tls, defaultTls(port, user)),
    tls_servername: kept(input.tls_servername, current?.tls_servername, null),
    tls_ca: kept(input.tls_ca, current?.tls_ca, null),
    tls_insecure: input.tls_insecure ?? current?.tls_insecure ?? false,
    tls_min_version: kept(input.tls_min_version, current?.tls_min_version, null),
    tls_client_cert: kept(input.tls_client_cert, current?.tls_client_cert, null),
    ehlo_name: kept(input.ehlo_name, current?.ehlo_name, null),
    is_default: input.is_default ?? current?.is_default ?? false,
    max_connections: kept(input.max_connections, current?.max_connections, DEFAULT_MAX_CONNECTIONS),
    max_messages_per_connection: kept(
      input.max_messages_per_connection,
      current?.max_messages_per_connection,
      DEFAULT_MAX_MESSAGES_PER_CONNECTION,
    ),
    weight: kept(input.weight, current?.weight, 1),
    limit_per_minute: kept(input.limit_per_minute, current?.limit_per_minute, null),
    limit_per_hour: kept(input.limit_per_hour, current?.limit_per_hour, null),
    limit_per_day: kept(input.limit_per_day, current?.limit_per_day, null),
    limit_behavior: kept(input.limit_behavior, current?.limit_behavior, 'defer'),
    limit_unit: kept(input.limit_unit, current?.limit_unit, 'message'),
    retry: kept(input.retry, current?.retry, null),
  };
  const problems = [...loginProblems(settings, input, current), ...certificateProblems(settings, input, current)];
  if (problems.length > 0) throw invalidInput(problems);
  return { ...settings, ...secretsOf(input) };
}

/** @throws {MailProxyError} `invalid_input` */
function refuseRelay(input: SettingsInput): void {
  const given = RELAY_FIELDS.filter((name) => (input[name] ?? null) !== null);
  if (given.length === 0) return;
  throw invalidInput(
    given.map((name) => ({ pointer: `/${name}`, message: 'expected none, as a sandbox has no relay' })),
  );
}

type Settings = Omit<AccountSettings, keyof AccountSecrets>;

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

function secretsOf({ password, oauth, tls_client_key }: SettingsInput): AccountSecrets {
  return {
    ...(password === undefined ? {} : { password }),
    ...(oauth === undefined ? {} : { oauth }),
    ...(tls_client_key === undefined ? {} : { tls_client_key }),
  };
}

function loginProblems(
  { user, auth_method }: Settings,
  { password, oauth }: SettingsInput,
  current: Account | undefined,
): readonly InputProblem[] {
  const hasPassword = isSet(password, current?.has_password);
  const hasOAuth = isSet(oauth, current?.has_oauth);
  if (user === null) {
    if (hasPassword) return [{ pointer: '/user', message: 'required with a password' }];
    if (hasOAuth) return [{ pointer: '/user', message: 'required with oauth' }];
    // Without a user nobody logs in, so a method that is named would be one that is silently left out.
    return auth_method === 'auto' ? [] : [{ pointer: '/user', message: `required with ${auth_method}` }];
  }
  switch (auth_method) {
    case 'xoauth2':
      return hasOAuth ? [] : [{ pointer: '/oauth', message: 'required with xoauth2' }];
    case 'auto':
      return hasPassword || hasOAuth ? [] : [{ pointer: '/password', message: 'required with a user' }];
    case 'plain':
    case 'login':
    case 'cram-md5':
      return hasPassword ? [] : [{ pointer: '/password', message: 'required with a user' }];
    default:
      return auth_method satisfies never;
  }
}

/** What is stored of the key is sealed, so a new certificate comes with its key: only then can they be compared. */
function certificateProblems(
  { tls_client_cert: certificate }: Settings,
  input: SettingsInput,
  current: Account | undefined,
): readonly InputProblem[] {
  const hasKey = isSet(input.tls_client_key, current?.has_tls_client_key);
  if (certificate === null) {
    return hasKey ? [{ pointer: '/tls_client_cert', message: 'required with tls_client_key' }] : [];
  }
  const isNew = certificate !== current?.tls_client_cert;
  const key = input.tls_client_key ?? null;
  if (!hasKey || (isNew && key === null)) {
    return [{ pointer: '/tls_client_key', message: 'required with tls_client_cert' }];
  }
  if (key === null || isKeyOf(certificate, key)) return [];
  return [{ pointer: '/tls_client_key', message: 'expected the key of the first certificate in tls_client_cert' }];
}

/** Whether there will be a secret. */
function isSet(given: unknown, has: boolean | undefined): boolean {
  return given === undefined ? has === true : given !== null;
}
