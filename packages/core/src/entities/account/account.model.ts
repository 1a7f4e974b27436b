// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SealedPlace, Sealer } from '../../secrets/sealer.ts';
import type { TlsMode } from '../../smtp/session.types.ts';
import type { AccountsTable } from './account.table.ts';

/** An account as it may be shown. */
export interface Account {
  readonly pk: string;
  readonly id: string;
  readonly tenant_id: string;
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly has_password: boolean;
  readonly tls: TlsMode;
  readonly tls_servername: string | null;
  readonly tls_ca: string | null;
  readonly tls_insecure: boolean;
  readonly is_default: boolean;
  readonly max_connections: number;
  readonly max_messages_per_connection: number;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}

/** All that can be set of an account. */
export type AccountSettings = Omit<
  Account,
  'pk' | 'id' | 'tenant_id' | 'has_password' | 'version' | 'created_at' | 'updated_at'
> & {
  /** Absent: the one that is stored stays. */
  readonly password?: string | null;
};

/** What delivery needs to reach the relay, the password in clear. */
export interface AccountRelayRow {
  readonly pk: string;
  readonly tenantId: string;
  readonly id: string;
  /** Rises with each change. */
  readonly version: number;
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
  readonly tls: TlsMode;
  readonly tlsServername: string | null;
  readonly tlsCa: string | null;
  readonly tlsInsecure: boolean;
  readonly maxConnections: number;
  readonly maxMessagesPerConnection: number;
}

export interface AccountKey {
  readonly pk: string;
  /** The client's. */
  readonly id: string;
}

/** Where the password of an account is sealed to. */
export function passwordPlace(pk: string): SealedPlace {
  return { table: 'accounts', column: 'password', row: pk };
}

export function columnsOf(
  settings: AccountSettings,
): Omit<AccountsTable, 'pk' | 'id' | 'tenant_id' | 'password' | 'version' | 'created_at' | 'updated_at'> {
  return {
    host: settings.host,
    port: settings.port,
    username: settings.user,
    tls: settings.tls,
    tls_servername: settings.tls_servername,
    tls_ca: settings.tls_ca,
    tls_insecure: settings.tls_insecure ? 1 : 0,
    is_default: settings.is_default ? 1 : 0,
    max_connections: settings.max_connections,
    max_messages_per_connection: settings.max_messages_per_connection,
  };
}

export function accountOf({ username, password, tls_insecure, is_default, ...row }: AccountsTable): Account {
  return {
    ...row,
    user: username,
    has_password: password !== null,
    tls_insecure: tls_insecure === 1,
    is_default: is_default === 1,
  };
}

/** Opens the password. */
export function relayOf(row: AccountsTable, sealer: Sealer): AccountRelayRow {
  return {
    pk: row.pk,
    tenantId: row.tenant_id,
    id: row.id,
    version: row.version,
    host: row.host,
    port: row.port,
    user: row.username,
    password: row.password === null ? null : sealer.open(row.password, passwordPlace(row.pk)),
    tls: row.tls,
    tlsServername: row.tls_servername,
    tlsCa: row.tls_ca,
    tlsInsecure: row.tls_insecure === 1,
    maxConnections: row.max_connections,
    maxMessagesPerConnection: row.max_messages_per_connection,
  };
}
