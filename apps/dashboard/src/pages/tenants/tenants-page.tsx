// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Tenant } from '../../api/shapes.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { List } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { usePages } from '../../ui/use-pages.ts';

/** Who uses this server. */
export function TenantsPage() {
  const { api } = useSession();
  const pages = usePages('tenants', (from, signal) => api.tenants.list({ limit: 50, ...from }, { signal }));
  return (
    <Page title="Tenants">
      <Section title="Tenants" note="By id" isFlush>
        <List
          caption="Tenants"
          pages={pages}
          columns={COLUMNS}
          keyOf={({ id }) => id}
          empty={<p>No tenants yet. Add one with POST /v1/tenants, or with mail-proxy tenants create.</p>}
        />
      </Section>
    </Page>
  );
}

const COLUMNS: readonly Column<Tenant>[] = [
  {
    title: 'Tenant',
    cell: ({ id }) => (
      <a class="id" href={`#/tenants/${encodeURIComponent(id)}`}>
        {id}
      </a>
    ),
  },
  { title: 'Name', cell: ({ name }) => name },
  {
    title: 'State',
    cell: ({ suspended }) => (suspended ? <Badge tone="wait">suspended</Badge> : <Badge tone="good">active</Badge>),
  },
  { title: 'Reports go to', isWide: true, cell: ({ client_base_url }) => client_base_url },
  { title: 'Added', cell: ({ created_at }) => <Time at={created_at} /> },
];
