// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Sealed } from '../../secrets/sealed-columns.ts';
import type { TlsMode } from '../../smtp/session.types.ts';

/** How the relay is told who we are; `auto` takes the best of PLAIN, LOGIN and CRAM-MD5 that is offered. */
export type AuthMethod = 'auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2';

export type LimitBehavior = 'defer' | 'reject';

/** What a rate limit counts. */
export type LimitUnit = 'message' | 'recipient';

/** Where mail of an account goes: to a relay, or nowhere, where it is kept to be looked at. */
export type AccountType = 'smtp' | 'sandbox';

/** An account that may not send for now: its credentials or its TLS settings failed, or a person paused it. */
export interface AccountPausesTable {
  readonly account_pk: string;
  /** Milliseconds. */
  readonly since: number;
  /**
   * Until then nothing is sent. After it, one message is the probe; a pause by hand is over then, and the year 9999 stands
   * for one without an end. A pause by hand with failures has none either: an older instance wrote over it.
   */
  readonly until_at: number;
  /** Probes that failed in a row, the first failure counted in; 0 where a person paused it. */
  readonly failures: number;
  /** JSON of PauseReason. */
  readonly reason: string;
  /** 1 where a person paused it: neither a probe nor a change of the account ends that. */
  readonly by_hand: number;
}

/** An SMTP relay with credentials and limits. */
export interface AccountsTable {
  readonly pk: string;
  readonly tenant_id: string;
  /** The client's; unique in the tenant. */
  readonly id: string;
  /** Stays as it was made. */
  readonly type: AccountType;
  readonly host: string;
  readonly port: number;
  /** 1: a tenant named the host or the port, which therefore has to be one that its outgoing policy allows. */
  readonly host_checked: number;
  readonly username: string | null;
  readonly password: Sealed | null;
  readonly tls: TlsMode;
  readonly tls_servername: string | null;
  /** PEM. */
  readonly tls_ca: string | null;
  /** 1: any certificate will do. */
  readonly tls_insecure: number;
  /** 1 for the account that messages without one use; at most one a tenant. */
  readonly is_default: number;
  readonly max_connections: number;
  /** Transactions before a connection is renewed. */
  readonly max_messages_per_connection: number;
  /** Turns that its lane gets for one of a lane of weight 1; 1 to 100. */
  readonly weight: number;
  /** Most messages (or recipients, see `limit_unit`) sent in any minute, hour and day; null for no limit. */
  readonly limit_per_minute: number | null;
  readonly limit_per_hour: number | null;
  readonly limit_per_day: number | null;
  /** `defer`: mail over the limit waits. `reject`: it fails. */
  readonly limit_behavior: LimitBehavior;
  readonly limit_unit: LimitUnit;
  readonly auth_method: AuthMethod;
  /** JSON of OAuthSettings, for XOAUTH2. */
  readonly oauth: Sealed | null;
  /** Oldest TLS that is accepted; null for the default of the process. */
  readonly tls_min_version: 'TLSv1.2' | 'TLSv1.3' | null;
  /** PEM certificate (chain) with which we present ourselves. */
  readonly tls_client_cert: string | null;
  /** PEM key of it. */
  readonly tls_client_key: Sealed | null;
  /** Given with EHLO; null for the instance's. */
  readonly ehlo_name: string | null;
  /** JSON of RetryPolicyInput; null for the tenant's. */
  readonly retry: string | null;
  /** Rises with each change, so that pooled connections of older settings are retired. */
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}
