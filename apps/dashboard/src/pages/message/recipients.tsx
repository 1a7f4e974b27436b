// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Recipient } from '../../api/shapes.ts';
import { plain, type Tone } from '../../format/words.ts';
import { Badge } from '../../ui/badge.tsx';
import { type Column, Table } from '../../ui/table.tsx';

const TONES: Readonly<Record<string, Tone>> = {
  sent: 'good',
  failed: 'bad',
  expired: 'bad',
  in_doubt: 'bad',
  pending: 'busy',
};

export function Recipients({ of }: { readonly of: readonly Recipient[] }) {
  return (
    <Table
      caption="Recipients and what became of each"
      columns={COLUMNS}
      rows={of}
      keyOf={({ address, kind }) => kind + address}
    />
  );
}

const COLUMNS: readonly Column<Recipient>[] = [
  {
    title: 'Address',
    cell: ({ address, kind }) => (
      <>
        <span class="id">{address}</span>
        {kind !== 'to' && <span class="quiet"> {kind}</span>}
      </>
    ),
  },
  { title: 'State', cell: ({ state }) => <Badge tone={TONES[state] ?? 'quiet'}>{plain(state)}</Badge> },
  { title: 'Attempts', cell: ({ attempts }) => attempts, align: 'right' },
  {
    title: 'Answer',
    isWide: true,
    cell: ({ stage, code, enhanced, reply }) => (
      <>
        {code !== null && <code>{[code, enhanced].filter(Boolean).join(' ')} </code>}
        {reply}
        {stage !== null && <span class="quiet"> at {stage.toUpperCase()}</span>}
      </>
    ),
  },
];
