// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessageList, MessageSummary } from '../../api/shapes.ts';
import { formatCount } from '../../format/numbers.ts';
import { formatTime } from '../../format/times.ts';
import { priorityWord, standingOf } from '../../format/words.ts';
import { useQuery } from '../../routing/use-query.ts';
import { ofTenant } from '../../session/tenant.ts';
import { forCaller } from '../../session/tenant-column.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { List } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { usePages } from '../../ui/use-pages.ts';
import { filterOf, isFiltered } from './message-filter.ts';
import { Search } from './search.tsx';

const PAGE = 50;

/** Find messages; the address keeps what was looked for. */
export function MessagesPage() {
  const { api } = useSession();
  const [query, setQuery] = useQuery();
  const input = { ...ofTenant(), ...filterOf(query) };
  const pages = usePages(`messages ${JSON.stringify(input)}`, (from, signal) =>
    api.messages.list({ ...input, limit: PAGE, ...from }, { signal }),
  );
  const columns = forCaller(COLUMNS);
  return (
    <Page title="Messages" actions={<Button onClick={pages.reload}>Refresh</Button>}>
      <Search key={JSON.stringify(query)} query={query} onSearch={setQuery} />
      <Section title="Found" note={noteOf(pages.value)} isFlush>
        <List
          caption="Messages, newest first"
          pages={pages}
          columns={columns}
          keyOf={({ pk }) => pk}
          empty={
            isFiltered(query) ? (
              <>
                <p>No message matches all of that.</p>
                <Button onClick={() => setQuery({})}>Clear the search</Button>
              </>
            ) : (
              <p>No messages yet. Post one to /v1/messages, and it stands here.</p>
            )
          }
        />
      </Section>
    </Page>
  );
}

/** Where a part of a subject is looked for: how far that was. */
function noteOf(list: MessageList | undefined): string {
  const searched = list?.searched;
  if (searched === undefined) return 'Newest first';
  const { back_to, unreadable } = searched;
  const far = back_to === null ? 'all that there are were looked at' : `looked at back to ${formatTime(back_to)}`;
  const closed = unreadable === 0 ? '' : `; ${formatCount(unreadable)} have no subject that can be read`;
  return `Newest first; ${far}${closed}`;
}

const COLUMNS: readonly Column<MessageSummary>[] = [
  {
    title: 'Message',
    cell: ({ pk, id, batch_code }) => (
      <>
        <a class="id" href={`#/messages/${pk}`}>
          {id}
        </a>
        {batch_code !== null && <span class="quiet"> in {batch_code}</span>}
      </>
    ),
  },
  { title: 'State', cell: (message) => <Standing message={message} /> },
  { title: 'Tenant', cell: ({ tenant_id }) => tenant_id },
  { title: 'Account', cell: ({ account_id }) => account_id },
  { title: 'Priority', cell: ({ priority }) => priorityWord(priority) },
  { title: 'Attempts', cell: ({ attempts }) => attempts, align: 'right' },
  { title: 'Accepted', cell: ({ created_at }) => <Time at={created_at} /> },
  {
    title: 'Last word',
    isWide: true,
    cell: ({ last_error, next_attempt_at }) => (
      <>
        {last_error ?? ''}
        {next_attempt_at !== null && (
          <span class="quiet">
            {' '}
            next <Time at={next_attempt_at} />
          </span>
        )}
      </>
    ),
  },
];

function Standing({ message }: { readonly message: MessageSummary }) {
  const { word, tone } = standingOf(message);
  return (
    <>
      <Badge tone={tone}>{word}</Badge>
      {message.bounce_type !== null && <Badge tone="bad">{`${message.bounce_type} bounce`}</Badge>}
    </>
  );
}
