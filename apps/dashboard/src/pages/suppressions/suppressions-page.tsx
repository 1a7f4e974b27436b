// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import type { Suppression } from '../../api/shapes.ts';
import { formatCount } from '../../format/numbers.ts';
import { plain, sentence } from '../../format/words.ts';
import { useQuery } from '../../routing/use-query.ts';
import { may } from '../../session/session.ts';
import { ofTenant } from '../../session/tenant.ts';
import { forCaller } from '../../session/tenant-column.ts';
import { useSession } from '../../session/use-session.ts';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { List } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { SearchForm } from '../../ui/search-form.tsx';
import { Section } from '../../ui/section.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { say } from '../../ui/toasts.tsx';
import { usePages } from '../../ui/use-pages.ts';
import { AddDialog } from './add-dialog.tsx';

const REASONS = ['hard_bounce', 'soft_bounces', 'complaint', 'unsubscribe', 'manual', 'import'] as const;

/** Addresses that no mail is sent to. */
export function SuppressionsPage() {
  const { api } = useSession();
  const [query, setQuery] = useQuery();
  const [domain, setDomain] = useState(query['domain'] ?? '');
  const [isAsked, ask] = useState(false);
  const reason = REASONS.find((name) => name === query['reason']);
  const input = {
    ...ofTenant(),
    ...(reason === undefined ? {} : { reason }),
    ...(query['domain'] === undefined ? {} : { domain: query['domain'] }),
    limit: 50,
  };
  const pages = usePages(`suppressions ${JSON.stringify(input)}`, (from, signal) =>
    api.suppressions.list({ ...input, ...from }, { signal }),
  );
  const remove = async ({ address, tenant_id }: Suppression): Promise<void> => {
    await api.suppressions.remove({ address, tenant_id });
    say(`${address} gets mail again.`);
    pages.reload();
  };
  const actions: Column<Suppression> = {
    title: 'Take off',
    cell: (entry) => (
      <Button label={`Take off: ${entry.address}`} onClick={() => remove(entry)}>
        Take off
      </Button>
    ),
  };
  const shown = forCaller(COLUMNS);
  return (
    <Page
      title="Suppressions"
      actions={
        may('suppressions:write') && (
          <Button look="primary" onClick={() => ask(true)}>
            Add
          </Button>
        )
      }
    >
      <SearchForm look="plain" onSearch={() => setQuery({ ...query, domain: domain.trim() })}>
        <TextField label="Domain" type="search" value={domain} onChange={setDomain} />
        <SelectField
          label="Reason"
          value={reason ?? ''}
          options={[['', 'Any'], ...REASONS.map((name) => [name, sentence(plain(name))] as const)]}
          onChange={(next) => setQuery({ ...query, reason: next })}
        />
      </SearchForm>
      <Section title="Addresses" note="The oldest first" isFlush>
        <List
          caption="Suppressed addresses"
          pages={pages}
          columns={may('suppressions:write') ? [...shown, actions] : shown}
          keyOf={({ pk }) => pk}
          empty={<p>No address is suppressed here.</p>}
        />
      </Section>
      {isAsked && <AddDialog onClose={() => ask(false)} onDone={pages.reload} />}
    </Page>
  );
}

const COLUMNS: readonly Column<Suppression>[] = [
  { title: 'Address', cell: ({ address }) => <span class="id">{address}</span> },
  { title: 'Tenant', cell: ({ tenant_id }) => tenant_id },
  { title: 'Reason', cell: ({ reason }) => plain(reason) },
  { title: 'Stopped', align: 'right', cell: ({ stopped }) => formatCount(stopped) },
  { title: 'Since', cell: ({ created_at }) => <Time at={created_at} /> },
  { title: 'Until', cell: ({ expires_at }) => (expires_at === null ? 'always' : <Time at={expires_at} />) },
  { title: 'Note', isWide: true, cell: ({ note }) => note },
];
