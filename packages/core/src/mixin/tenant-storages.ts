// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A named storage of a tenant, as the tenant set it up: secrets in clear. */
export interface TenantStorage {
  readonly pk: string;
  readonly protocol: string;
  readonly config: Readonly<Record<string, unknown>> | null;
}

/** The storages that tenants have by name. */
export interface TenantStorages {
  /** Open the configuration of one. Null where the tenant has none of that name. */
  open(tenantId: string, name: string): Promise<TenantStorage | null>;
}
