// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { OutgoingPolicy } from '../../outgoing/outgoing-http.types.ts';
import type { RetryPolicyInput } from '../../retry-policy.ts';
import type { Sealed } from '../../secrets/sealed-columns.ts';
import type { SealedPlace, Sealer } from '../../secrets/sealer.ts';
import type { ReplyRule } from '../../smtp/classification.types.ts';
import type { OAuthSettings } from '../../smtp/oauth.types.ts';
import type { TlsMode } from '../../smtp/session.types.ts';
import type { OnInDoubt } from '../message/message.table.ts';
import { type SuppressionPolicyInput, suppressionPolicyOf } from '../suppression/suppression-policy.ts';
import { outgoingPolicyOf } from '../tenant/outgoing-policy.ts';
import type { TenantsTable } from '../tenant/tenant.table.ts';
import type { AccountsTable, AccountType, AuthMethod, LimitBehavior, LimitUnit } from './account.table.ts';
import { type AccountPause, isOver, type PauseColumns, pauseIn } from './account-pause.store.ts';

/** Most that is sent in any window of that length; null for no limit. */
export interface RateLimits {
  readonly perMinute: number | null;
  readonly perHour: number | null;
  readonly perDay: number | null;
  /** What is counted. */
  readonly unit: LimitUnit;
}

/** An account as it may be shown. */
export interface Account {
  readonly pk: string;
  readonly id: string;
  readonly tenant_id: string;
  readonly type: AccountType;
  readonly host: string;
  readonly port: number;
  /** Whether the host has to be one that the tenant's outgoing policy allows. */
  readonly host_checked: boolean;
  readonly user: string | null;
  readonly has_password: boolean;
  readonly auth_method: AuthMethod;
  readonly has_oauth: boolean;
  readonly tls: TlsMode;
  readonly tls_servername: string | null;
  readonly tls_ca: string | null;
  readonly tls_insecure: boolean;
  readonly tls_min_version: 'TLSv1.2' | 'TLSv1.3' | null;
  readonly tls_client_cert: string | null;
  readonly has_tls_client_key: boolean;
  readonly ehlo_name: string | null;
  readonly is_default: boolean;
  readonly max_connections: number;
  readonly max_messages_per_connection: number;
  readonly weight: number;
  readonly limit_per_minute: number | null;
  readonly limit_per_hour: number | null;
  readonly limit_per_day: number | null;
  readonly limit_behavior: LimitBehavior;
  readonly limit_unit: LimitUnit;
  readonly retry: RetryPolicyInput | null;
  /** Null while it may send. */
  readonly pause: AccountPause | null;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}

/** What of an account is sealed. Absent: what is stored stays. */
export interface AccountSecrets {
  readonly password?: string | null;
  readonly oauth?: OAuthSettings | null;
  /** PEM. */
  readonly tls_client_key?: string | null;
}

type NotSet = 'pk' | 'id' | 'tenant_id' | 'pause' | 'version' | 'created_at' | 'updated_at';

/** All that can be set of an account. */
export type AccountSettings = Omit<Account, NotSet | 'has_password' | 'has_oauth' | 'has_tls_client_key'> &
  AccountSecrets;

/** What delivery needs to know of an account and its tenant, the secrets in clear. */
export interface AccountRelayRow {
  readonly pk: string;
  readonly tenantId: string;
  readonly id: string;
  /** Rises with each change. */
  readonly version: number;
  readonly type: AccountType;
  readonly host: string;
  readonly port: number;
  /** What the host may be where a tenant named it: its own policy, over the instance's. Null where the operator did. */
  readonly hostPolicy: OutgoingPolicy | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly authMethod: AuthMethod;
  readonly oauth: OAuthSettings | null;
  readonly tls: TlsMode;
  readonly tlsServername: string | null;
  readonly tlsCa: string | null;
  readonly tlsInsecure: boolean;
  readonly tlsMinVersion: 'TLSv1.2' | 'TLSv1.3' | null;
  readonly tlsClientCert: string | null;
  readonly tlsClientKey: string | null;
  /** Given with EHLO; null for the instance's. */
  readonly ehloName: string | null;
  readonly maxConnections: number;
  readonly maxMessagesPerConnection: number;
  readonly weight: number;
  readonly limits: RateLimits;
  readonly limitBehavior: LimitBehavior;
  /** The account's own. */
  readonly retry: RetryPolicyInput | null;
  readonly tenant: RelayTenant;
}

/** What of the tenant governs the sending of all its accounts. */
export interface RelayTenant {
  readonly weight: number;
  readonly limits: RateLimits;
  readonly retry: RetryPolicyInput | null;
  /** Matched before the built-in ones. */
  readonly replyRules: readonly ReplyRule[];
  /** Set while nothing of the tenant is sent. */
  readonly suspendedAt: number | null;
  /** For messages that say nothing of it. */
  readonly onInDoubt: OnInDoubt;
  readonly refuseOverLimit: boolean;
  /** How much of it may wait; null where it says nothing. */
  readonly room: { readonly maxPending: number | null; readonly maxBytes: number | null };
  /** When an address goes onto its suppression list; null for what is so by default. */
  readonly suppression: SuppressionPolicyInput | null;
}

export interface AccountKey {
  readonly pk: string;
  /** The client's. */
  readonly id: string;
}

/** An account with its pause, if there is one. */
export type AccountRow = AccountsTable & PauseColumns;

/** An account with what {@link RelayTenant} is made of. */
export type AccountRelayColumns = AccountsTable & {
  readonly [Name in RelayTenantColumn as `tenant_${Name}`]: TenantsTable[Name];
};

export const RELAY_TENANT_COLUMNS = [
  'weight',
  'limit_per_minute',
  'limit_per_hour',
  'limit_per_day',
  'limit_unit',
  'retry',
  'reply_rules',
  'suspended_at',
  'on_in_doubt',
  'refuse_over_limit',
  'max_pending',
  'max_bytes',
  'suppression',
  'allow_private_networks',
  'allowed_hosts',
] as const satisfies readonly (keyof TenantsTable)[];
type RelayTenantColumn = (typeof RELAY_TENANT_COLUMNS)[number];

type SecretColumn = 'password' | 'oauth' | 'tls_client_key';

/** Where a secret of an account is sealed to. */
function placeOf(pk: string, column: SecretColumn): SealedPlace {
  return { table: 'accounts', column, row: pk };
}

export function columnsOf(
  settings: AccountSettings,
): Omit<AccountsTable, 'pk' | 'id' | 'tenant_id' | SecretColumn | 'version' | 'created_at' | 'updated_at'> {
  return {
    type: settings.type,
    host: settings.host,
    port: settings.port,
    host_checked: settings.host_checked ? 1 : 0,
    username: settings.user,
    auth_method: settings.auth_method,
    tls: settings.tls,
    tls_servername: settings.tls_servername,
    tls_ca: settings.tls_ca,
    tls_insecure: settings.tls_insecure ? 1 : 0,
    tls_min_version: settings.tls_min_version,
    tls_client_cert: settings.tls_client_cert,
    ehlo_name: settings.ehlo_name,
    is_default: settings.is_default ? 1 : 0,
    max_connections: settings.max_connections,
    max_messages_per_connection: settings.max_messages_per_connection,
    weight: settings.weight,
    limit_per_minute: settings.limit_per_minute,
    limit_per_hour: settings.limit_per_hour,
    limit_per_day: settings.limit_per_day,
    limit_behavior: settings.limit_behavior,
    limit_unit: settings.limit_unit,
    retry: settings.retry === null ? null : JSON.stringify(settings.retry),
  };
}

/** The sealed columns of the account `pk`; what is absent stays as it is in `current`. */
export function sealedColumnsOf(
  pk: string,
  { password, oauth, tls_client_key }: AccountSecrets,
  { sealer, current }: { readonly sealer: Sealer; readonly current: Pick<AccountsTable, SecretColumn> | null },
): Pick<AccountsTable, SecretColumn> {
  const sealed = (column: SecretColumn, plain: string | null | undefined): Sealed | null => {
    if (plain === undefined) return current?.[column] ?? null;
    return plain === null ? null : sealer.seal(plain, placeOf(pk, column));
  };
  return {
    password: sealed('password', password),
    oauth: oauth === undefined || oauth === null ? sealed('oauth', oauth) : sealOAuth(pk, oauth, sealer),
    tls_client_key: sealed('tls_client_key', tls_client_key),
  };
}

export function sealOAuth(pk: string, oauth: OAuthSettings, sealer: Sealer): Sealed {
  return sealer.seal(JSON.stringify(oauth), placeOf(pk, 'oauth'));
}

export function openOAuth(pk: string, sealed: string, sealer: Sealer): OAuthSettings {
  // Nothing else is ever sealed into this place.
  return JSON.parse(sealer.open(sealed, placeOf(pk, 'oauth'))) as OAuthSettings;
}

export function accountOf(row: AccountRow, now: number): Account {
  return {
    pk: row.pk,
    id: row.id,
    tenant_id: row.tenant_id,
    type: row.type,
    host: row.host,
    port: row.port,
    host_checked: row.host_checked === 1,
    user: row.username,
    has_password: row.password !== null,
    auth_method: row.auth_method,
    has_oauth: row.oauth !== null,
    tls: row.tls,
    tls_servername: row.tls_servername,
    tls_ca: row.tls_ca,
    tls_insecure: row.tls_insecure === 1,
    tls_min_version: row.tls_min_version,
    tls_client_cert: row.tls_client_cert,
    has_tls_client_key: row.tls_client_key !== null,
    ehlo_name: row.ehlo_name,
    is_default: row.is_default === 1,
    max_connections: row.max_connections,
    max_messages_per_connection: row.max_messages_per_connection,
    weight: row.weight,
    limit_per_minute: row.limit_per_minute,
    limit_per_hour: row.limit_per_hour,
    limit_per_day: row.limit_per_day,
    limit_behavior: row.limit_behavior,
    limit_unit: row.limit_unit,
    retry: retryOf(row.retry),
    pause: pauseNow(row, now),
    version: row.version,
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
}

/** One that is over is none: the tenant is told of that soon. */
function pauseNow(row: AccountRow, now: number): AccountPause | null {
  const pause = pauseIn(row.pk, row);
  return pause === null || isOver(pause, now) ? null : pause;
}

/**
 * Opens a secret when it is asked for: without its key mail is still accepted, and waits. Each is opened once, as many
 * messages use it.
 */
class RelaySecrets implements Pick<AccountRelayRow, 'password' | 'oauth' | 'tlsClientKey'> {
  readonly #row: AccountRelayColumns;
  readonly #sealer: Sealer;
  #password: string | null | undefined;
  #oauth: OAuthSettings | null | undefined;
  #tlsClientKey: string | null | undefined;

  constructor(row: AccountRelayColumns, sealer: Sealer) {
    this.#row = row;
    this.#sealer = sealer;
  }

  get password(): string | null {
    this.#password ??= this.#open('password');
    return this.#password;
  }

  get oauth(): OAuthSettings | null {
    const { pk, oauth } = this.#row;
    this.#oauth ??= oauth === null ? null : openOAuth(pk, oauth, this.#sealer);
    return this.#oauth;
  }

  get tlsClientKey(): string | null {
    this.#tlsClientKey ??= this.#open('tls_client_key');
    return this.#tlsClientKey;
  }

  #open(column: Exclude<SecretColumn, 'oauth'>): string | null {
    const sealed = this.#row[column];
    return sealed === null ? null : this.#sealer.open(sealed, placeOf(this.#row.pk, column));
  }
}

export function relayOf(row: AccountRelayColumns, sealer: Sealer): AccountRelayRow {
  return Object.assign(new RelaySecrets(row, sealer), {
    pk: row.pk,
    tenantId: row.tenant_id,
    id: row.id,
    version: row.version,
    type: row.type,
    host: row.host,
    port: row.port,
    hostPolicy: row.host_checked === 1 ? hostPolicyOf(row) : null,
    user: row.username,
    authMethod: row.auth_method,
    tls: row.tls,
    tlsServername: row.tls_servername,
    tlsCa: row.tls_ca,
    tlsInsecure: row.tls_insecure === 1,
    tlsMinVersion: row.tls_min_version,
    tlsClientCert: row.tls_client_cert,
    ehloName: row.ehlo_name,
    maxConnections: row.max_connections,
    maxMessagesPerConnection: row.max_messages_per_connection,
    weight: row.weight,
    limits: limitsOf(row),
    limitBehavior: row.limit_behavior,
    retry: retryOf(row.retry),
    tenant: {
      weight: row.tenant_weight,
      limits: limitsOf({
        limit_per_minute: row.tenant_limit_per_minute,
        limit_per_hour: row.tenant_limit_per_hour,
        limit_per_day: row.tenant_limit_per_day,
        limit_unit: row.tenant_limit_unit,
      }),
      retry: retryOf(row.tenant_retry),
      replyRules: replyRulesOf(row.tenant_reply_rules),
      suspendedAt: row.tenant_suspended_at,
      onInDoubt: row.tenant_on_in_doubt,
      refuseOverLimit: row.tenant_refuse_over_limit === 1,
      room: { maxPending: row.tenant_max_pending, maxBytes: row.tenant_max_bytes },
      suppression: suppressionPolicyOf(row.tenant_suppression),
    },
  });
}

function hostPolicyOf(row: AccountRelayColumns): OutgoingPolicy {
  return outgoingPolicyOf({
    allow_private_networks: row.tenant_allow_private_networks,
    allowed_hosts: row.tenant_allowed_hosts,
  });
}

export function limitsOf(
  row: Pick<AccountsTable, 'limit_per_minute' | 'limit_per_hour' | 'limit_per_day' | 'limit_unit'>,
): RateLimits {
  return {
    perMinute: row.limit_per_minute,
    perHour: row.limit_per_hour,
    perDay: row.limit_per_day,
    unit: row.limit_unit,
  };
}

export function retryOf(column: string | null): RetryPolicyInput | null {
  // The column holds what was validated as such when it was set.
  return column === null ? null : (JSON.parse(column) as RetryPolicyInput);
}

export function replyRulesOf(column: string | null): readonly ReplyRule[] {
  // The column holds what was validated as such when it was set.
  return column === null ? [] : (JSON.parse(column) as readonly ReplyRule[]);
}
