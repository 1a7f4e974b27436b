// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Account } from '../../api/shapes.ts';
import { formatCount } from '../../format/numbers.ts';
import { ofTenant } from '../../session/tenant.ts';
import { forCaller } from '../../session/tenant-column.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { within } from '../../ui/limits.tsx';
import { List } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { usePages } from '../../ui/use-pages.ts';

/** The relays that mail goes through. */
export function AccountsPage() {
  const { api } = useSession();
  const pages = usePages(`accounts ${JSON.stringify(ofTenant())}`, (from, signal) =>
    api.accounts.list({ ...ofTenant(), limit: 50, ...from }, { signal }),
  );
  return (
    <Page title="Accounts">
      <Section title="Relays" note="The oldest first" isFlush>
        <List
          caption="Accounts"
          pages={pages}
          columns={forCaller(COLUMNS)}
          keyOf={({ pk }) => pk}
          empty={<p>No accounts yet. Add one with POST /v1/accounts, or with mail-proxy accounts create.</p>}
        />
      </Section>
    </Page>
  );
}

const COLUMNS: readonly Column<Account>[] = [
  {
    title: 'Account',
    cell: ({ pk, id, is_default }) => (
      <>
        <a class="id" href={`#/accounts/${pk}`}>
          {id}
        </a>
        {is_default && <span class="quiet"> default</span>}
      </>
    ),
  },
  { title: 'Tenant', cell: ({ tenant_id }) => tenant_id },
  {
    title: 'State',
    cell: ({ pause_kind, paused_until }) =>
      pause_kind === null ? (
        <Badge tone="good">open</Badge>
      ) : (
        <>
          <Badge tone={pause_kind === 'manual' ? 'wait' : 'bad'}>paused</Badge>{' '}
          <span class="quiet">
            {paused_until === null ? (
              'by hand'
            ) : (
              <>
                until <Time at={paused_until} />
              </>
            )}
          </span>
        </>
      ),
  },
  { title: 'Relay', cell: ({ host, port }) => (host === null ? null : `${host}:${port}`) },
  { title: 'Logs in as', cell: ({ user }) => user },
  {
    title: 'Limits',
    isWide: true,
    cell: ({ limit_per_minute, limit_per_hour, limit_per_day }) =>
      Object.entries({ minute: limit_per_minute, hour: limit_per_hour, day: limit_per_day })
        .flatMap(([per, limit]) => (limit === null ? [] : [`${formatCount(limit)} ${within(per)}`]))
        .join(', '),
  },
];
