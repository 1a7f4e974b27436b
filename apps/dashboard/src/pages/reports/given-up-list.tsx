// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { GivenUp } from '../../api/shapes.ts';
import { may } from '../../session/session.ts';
import { useSession } from '../../session/use-session.ts';
import { Button } from '../../ui/button.tsx';
import { List } from '../../ui/list.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { say } from '../../ui/toasts.tsx';
import { usePages } from '../../ui/use-pages.ts';

export interface GivenUpListProps {
  readonly tenantId: string;
  readonly onReplayed: () => void;
}

/** What a tenant did not take in time. */
export function GivenUpList({ tenantId, onReplayed }: GivenUpListProps) {
  const { api } = useSession();
  const pages = usePages(`given up ${tenantId}`, (from, signal) =>
    api.events.givenUp({ tenant_id: tenantId, limit: 25, ...from }, { signal }),
  );
  const replay = async ({ first_seq, last_seq }: GivenUp): Promise<void> => {
    const { events } = await api.events.replay({ tenant_id: tenantId, first_seq, last_seq });
    say(`${events} events are told again.`);
    onReplayed();
  };
  const actions: Column<GivenUp> = {
    title: 'Replay',
    cell: (range) => <Button onClick={() => replay(range)}>Replay</Button>,
  };
  return (
    <List
      caption="Events that were given up"
      pages={pages}
      columns={may('events:write') ? [...COLUMNS, actions] : COLUMNS}
      keyOf={({ id }) => id}
      empty={<p>Nothing was given up.</p>}
    />
  );
}

const COLUMNS: readonly Column<GivenUp>[] = [
  { title: 'Numbers', cell: ({ first_seq, last_seq }) => `${first_seq} to ${last_seq}` },
  { title: 'Given up', cell: ({ given_up_at }) => <Time at={given_up_at} /> },
  { title: 'Why', isWide: true, cell: ({ reason }) => reason },
];
