// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { chooseTenant, chosenTenant } from '../session/tenant.ts';
import { useSession } from '../session/use-session.ts';
import { useLoad } from '../ui/use-load.ts';

/** Few enough to be chosen from; where there are more, the page of tenants leads there. */
const MOST = 200;

/** Whose things the operator looks at. */
export function TenantChoice() {
  const { api } = useSession();
  const { value } = useLoad('tenants of the menu', (signal) => api.tenants.list({ limit: MOST }, { signal }));
  const chosen = chosenTenant.value;
  const ids = new Set(value?.items.map(({ id }) => id));
  if (chosen !== '') ids.add(chosen);
  return (
    <select
      class="small"
      aria-label="Tenant"
      value={chosen}
      onChange={({ currentTarget }) => chooseTenant(currentTarget.value)}
    >
      <option value="">All tenants</option>
      {[...ids].map((id) => (
        <option key={id} value={id}>
          {id}
        </option>
      ))}
    </select>
  );
}
