// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { OutgoingPolicy } from '../../outgoing/outgoing-http.types.ts';
import type { TenantsTable } from './tenant.table.ts';

/** What the tenant has of its own, which takes the place of the instance's. */
export function outgoingPolicyOf(row: Pick<TenantsTable, 'allow_private_networks' | 'allowed_hosts'>): OutgoingPolicy {
  const allowedHosts = allowedHostsOf(row);
  return {
    ...(row.allow_private_networks === null ? {} : { allowPrivateNetworks: row.allow_private_networks === 1 }),
    ...(allowedHosts === null ? {} : { allowedHosts }),
  };
}

export function allowedHostsOf({ allowed_hosts }: Pick<TenantsTable, 'allowed_hosts'>): readonly string[] | null {
  // Written by the store of tenants from the same type.
  return allowed_hosts === null ? null : (JSON.parse(allowed_hosts) as readonly string[]);
}
