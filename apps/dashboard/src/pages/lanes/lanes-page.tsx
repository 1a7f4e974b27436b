// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Lane } from '../../api/shapes.ts';
import { LANE_TONES } from '../../format/lanes.ts';
import { formatCount } from '../../format/numbers.ts';
import { pauseWords, waitingWords } from '../../format/waiting.ts';
import { sentence } from '../../format/words.ts';
import { useQuery } from '../../routing/use-query.ts';
import { ofTenant } from '../../session/tenant.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { SelectField } from '../../ui/field.tsx';
import { Limits } from '../../ui/limits.tsx';
import { List } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { usePages } from '../../ui/use-pages.ts';

const PAGE = 50;
const EVERY_MS = 5_000;
const STATES: readonly Lane['state'][] = ['sending', 'waiting', 'paused', 'suspended', 'idle'];

/** How each account sends: what waits in its lane, and why. */
export function LanesPage() {
  const { api } = useSession();
  const [query, setQuery] = useQuery();
  const state = STATES.find((name) => name === query['state']);
  const input = { ...ofTenant(), ...(state === undefined ? {} : { state }), limit: PAGE };
  const pages = usePages(
    `lanes ${JSON.stringify(input)}`,
    (from, signal) => api.lanes.list({ ...input, ...from }, { signal }),
    { everyMs: EVERY_MS },
  );
  return (
    <Page title="Lanes">
      <search class="search">
        <SelectField
          label="State"
          value={state ?? ''}
          options={[['', 'Any'], ...STATES.map((name) => [name, sentence(name)] as const)]}
          onChange={(next) => setQuery({ state: next })}
        />
      </search>
      <Section title="Lanes" note="One for each account; live" isFlush>
        <List
          caption="Lanes, what waits in them and why"
          pages={pages}
          columns={COLUMNS}
          keyOf={({ account_pk }) => account_pk}
          empty={<p>{state === undefined ? 'There are no accounts yet.' : `No lane is ${state}.`}</p>}
        />
      </Section>
    </Page>
  );
}

const COLUMNS: readonly Column<Lane>[] = [
  {
    title: 'Account',
    cell: ({ account_pk, account_id, tenant_id }) => (
      <>
        <a class="id" href={`#/accounts/${account_pk}`}>
          {account_id}
        </a>{' '}
        <span class="quiet">{tenant_id}</span>
      </>
    ),
  },
  { title: 'State', cell: ({ state }) => <Badge tone={LANE_TONES[state]}>{state}</Badge> },
  { title: 'Why it waits', isWide: true, cell: (lane) => <Why lane={lane} /> },
  { title: 'Ready', align: 'right', cell: ({ ready }) => formatCount(ready) },
  { title: 'Deferred', align: 'right', cell: ({ deferred }) => formatCount(deferred) },
  { title: 'Held', align: 'right', cell: ({ held }) => formatCount(held) },
  { title: 'Running', align: 'right', cell: ({ running }) => formatCount(running) },
  { title: 'Sent/min', align: 'right', cell: ({ last_minute }) => formatCount(last_minute.sent) },
  { title: 'Limits used', cell: ({ limits }) => <Limits of={limits} /> },
];

function Why({ lane: { waiting_for, pause, oldest_due_at } }: { readonly lane: Lane }) {
  if (waiting_for === null && pause === null) return null;
  const detail = pause === null ? (waiting_for?.detail ?? null) : pauseWords(pause);
  const until = pause?.until ?? waiting_for?.until ?? null;
  return (
    <>
      {waiting_for !== null && waitingWords(waiting_for.kind)}
      <span class="quiet">
        {detail !== null && <>: {detail}</>}
        {until !== null && (
          <>
            , until <Time at={until} />
          </>
        )}
        {oldest_due_at !== null && (
          <>
            , due since <Time at={oldest_due_at} />
          </>
        )}
      </span>
    </>
  );
}
