// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import type { LoggedCommand } from '../../api/shapes.ts';
import { useQuery } from '../../routing/use-query.ts';
import { ofTenant } from '../../session/tenant.ts';
import { forCaller } from '../../session/tenant-column.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { List } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { SearchForm } from '../../ui/search-form.tsx';
import { Section } from '../../ui/section.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { usePages } from '../../ui/use-pages.ts';

const FILTERS = ['operation', 'outcome', 'principal'] as const;

/** Who changed what, and who was not let in. */
export function AuditPage() {
  const { api } = useSession();
  const [query, setQuery] = useQuery();
  const [draft, setDraft] = useState(query);
  const filter = Object.fromEntries(
    FILTERS.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]] as const])),
  );
  const input = { ...ofTenant(), ...filter, limit: 50 };
  const pages = usePages(`audit ${JSON.stringify(input)}`, (from, signal) =>
    api.commandLog.list({ ...input, ...from }, { signal }),
  );
  const field = (name: (typeof FILTERS)[number], label: string, placeholder: string) => (
    <TextField
      label={label}
      type="search"
      placeholder={placeholder}
      value={draft[name] ?? ''}
      onChange={(value) => setDraft({ ...draft, [name]: value.trim() })}
    />
  );
  return (
    <Page title="Audit" actions={<Button onClick={pages.reload}>Refresh</Button>}>
      <SearchForm onSearch={() => setQuery(draft)}>
        {field('operation', 'Operation', 'accounts.update')}
        {field('principal', 'Who', 'admin')}
        {field('outcome', 'Outcome', 'ok')}
      </SearchForm>
      <Section title="Commands" note="Newest first" isFlush>
        <List
          caption="Commands, newest first"
          pages={pages}
          columns={forCaller(COLUMNS)}
          keyOf={({ pk }) => pk}
          empty={<p>No command matches.</p>}
        />
      </Section>
    </Page>
  );
}

const COLUMNS: readonly Column<LoggedCommand>[] = [
  { title: 'Operation', cell: ({ operation }) => <span class="id">{operation}</span> },
  { title: 'At', cell: ({ at }) => <Time at={at} /> },
  { title: 'Outcome', cell: ({ outcome }) => <Badge tone={outcome === 'ok' ? 'good' : 'bad'}>{outcome}</Badge> },
  { title: 'Who', cell: ({ principal }) => principal },
  { title: 'From', cell: ({ origin }) => origin },
  { title: 'Tenant', cell: ({ tenant_id }) => tenant_id },
  { title: 'Input', isWide: true, cell: ({ input }) => <code>{JSON.stringify(input)}</code> },
];
