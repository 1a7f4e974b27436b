// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReportCall } from '../../api/shapes.ts';
import { formatCount, formatDuration } from '../../format/numbers.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { List } from '../../ui/list.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { usePages } from '../../ui/use-pages.ts';

/** How the endpoint was called, and what it answered. */
export function CallsList({ tenantId }: { readonly tenantId: string }) {
  const { api } = useSession();
  const pages = usePages(`calls ${tenantId}`, (from, signal) =>
    api.tenants.reportCalls({ tenant_id: tenantId, limit: 25, ...from }, { signal }),
  );
  return (
    <List
      caption="Calls of the endpoint, newest first"
      pages={pages}
      columns={COLUMNS}
      keyOf={({ number }) => String(number)}
      empty={<p>The endpoint was not called yet.</p>}
    />
  );
}

const COLUMNS: readonly Column<ReportCall>[] = [
  { title: 'At', cell: ({ at }) => <Time at={at} /> },
  {
    title: 'Answer',
    cell: ({ status, error }) => (
      <Badge tone={error === null && status !== null && status < 300 ? 'good' : 'bad'}>
        {status === null ? 'none' : String(status)}
      </Badge>
    ),
  },
  { title: 'Host', cell: ({ host }) => host },
  { title: 'Events', align: 'right', cell: ({ events }) => formatCount(events) },
  { title: 'Took', align: 'right', cell: ({ duration_ms }) => formatDuration(duration_ms) },
  {
    title: 'What it said',
    isWide: true,
    cell: ({ error, refused_count, not_found_count, messages_accepted, messages_rejected_count }) =>
      [
        error ?? '',
        refused_count > 0 ? `${refused_count} refused` : '',
        not_found_count > 0 ? `${not_found_count} not known there` : '',
        messages_accepted > 0 ? `${messages_accepted} new messages` : '',
        messages_rejected_count > 0 ? `${messages_rejected_count} messages rejected` : '',
      ]
        .filter((part) => part !== '')
        .join(', '),
  },
];
