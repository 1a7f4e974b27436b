// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import type { CapturedItem } from '../../api/shapes.ts';
import { formatBytes } from '../../format/numbers.ts';
import { useQuery } from '../../routing/use-query.ts';
import { may } from '../../session/session.ts';
import { ofTenant } from '../../session/tenant.ts';
import { forCaller } from '../../session/tenant-column.ts';
import { useSession } from '../../session/use-session.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { List } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { SearchForm } from '../../ui/search-form.tsx';
import { Section } from '../../ui/section.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { say } from '../../ui/toasts.tsx';
import { usePages } from '../../ui/use-pages.ts';

const PAGE = 50;
const EVERY_MS = 5_000;
const FILTERS = ['recipient', 'message_id', 'account_id'] as const;

/** What sandboxes captured in place of sending it; live. */
export function SandboxPage() {
  const { api, caller } = useSession();
  const [query, setQuery] = useQuery();
  const [draft, setDraft] = useState(query);
  const [isAsked, ask] = useState(false);
  const filter = Object.fromEntries(
    FILTERS.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]] as const])),
  );
  const input = { ...ofTenant(), ...filter, limit: PAGE };
  const pages = usePages(
    `captured ${JSON.stringify(input)}`,
    (from, signal) => api.sandboxMessages.list({ ...input, ...from }, { signal }),
    { everyMs: EVERY_MS },
  );
  const clear = async (): Promise<void> => {
    const { removed } = await api.sandboxMessages.clear(ofTenant());
    say(`${removed} mails are removed.`);
    pages.reload();
  };
  const field = (name: (typeof FILTERS)[number], label: string) => (
    <TextField
      label={label}
      type="search"
      value={draft[name] ?? ''}
      onChange={(value) => setDraft({ ...draft, [name]: value.trim() })}
    />
  );
  // The operator empties the sandboxes of one tenant at a time.
  const isOfOne = caller.kind === 'tenant' || ofTenant().tenant_id !== undefined;
  const mayClear = may('messages:manage') && isOfOne && (pages.items?.length ?? 0) > 0;
  return (
    <Page title="Sandbox" actions={mayClear && <Button onClick={() => ask(true)}>Remove all</Button>}>
      <SearchForm onSearch={() => setQuery(draft)}>
        {field('recipient', 'Recipient')}
        {field('message_id', 'Message id')}
        {field('account_id', 'Account')}
      </SearchForm>
      <Section title="Captured" note="Newest first; live" isFlush>
        <List
          caption="Captured mail, newest first"
          pages={pages}
          columns={forCaller(COLUMNS)}
          keyOf={({ pk }) => pk}
          empty={<p>No mail was captured. An account of type sandbox captures what would be sent.</p>}
        />
      </Section>
      {isAsked && (
        <Dialog title="Remove all" confirm="Remove all" look="danger" onConfirm={clear} onClose={() => ask(false)}>
          <p>All mail that the sandboxes of the tenant captured is removed. The messages themselves stay.</p>
        </Dialog>
      )}
    </Page>
  );
}

const COLUMNS: readonly Column<CapturedItem>[] = [
  {
    title: 'Mail',
    isWide: true,
    cell: ({ pk, subject, message_id }) => (
      <a class="id" href={`#/sandbox/${pk}`}>
        {subject ?? message_id}
      </a>
    ),
  },
  { title: 'To', isWide: true, cell: ({ recipients }) => recipients.join(', ') },
  { title: 'From', cell: ({ mail_from }) => (mail_from === '' ? 'nobody' : mail_from) },
  { title: 'Tenant', cell: ({ tenant_id }) => tenant_id },
  { title: 'Account', cell: ({ account_id }) => account_id },
  { title: 'Captured', cell: ({ captured_at }) => <Time at={captured_at} /> },
  { title: 'Size', align: 'right', cell: ({ size_bytes }) => formatBytes(size_bytes) },
];
