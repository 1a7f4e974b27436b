// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ClientSync } from './genro-settings.ts';

/** The endpoint of tenants that name none, as fields of a tenant. */
export function endpointOf({ url, user, password, token }: ClientSync): object {
  const { origin, pathname, search } = new URL(url);
  return {
    client_base_url: origin,
    client_sync_path: pathname + search,
    client_auth: authOf({ user, password, token }),
  };
}

function authOf({ user, password, token }: Omit<ClientSync, 'url'>): object {
  if (token !== undefined) return { method: 'bearer', token };
  return user === undefined || password === undefined ? { method: 'none' } : { method: 'basic', user, password };
}
