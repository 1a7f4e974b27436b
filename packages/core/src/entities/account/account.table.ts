// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { TlsMode } from '../../smtp/session.types.ts';

/** An SMTP relay with credentials and limits. */
export interface AccountsTable {
  readonly pk: string;
  readonly tenant_id: string;
  /** The client's; unique in the tenant. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  /** Sealed. */
  readonly password: string | null;
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
  /** Rises with each change, so that pooled connections of older settings are retired. */
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}
