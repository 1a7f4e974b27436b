// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, inject, test } from 'vitest';
import { openPostgresWorld, openSqliteWorld } from '../entities/message-event/event-world.case.ts';
import { prepareAcceptInUnit } from './accept-in-unit.ts';

const ENDED = { result: 'sent', final_at: 1, written_at: 1, forget_at: Number.MAX_SAFE_INTEGER } as const;

describe.each([
  { name: 'SQLite', skip: '', open: openSqliteWorld },
  { name: 'PostgreSQL', skip: inject('pgSkip'), open: () => openPostgresWorld(inject('pgUrl'), inject('pgMigrated')) },
])('ids of messages in answers on $name', ({ skip, open }) => {
  test.skipIf(skip !== '')('are known where the tenant has the message, or had it', async () => {
    await using world = await open();
    await world.addTenant('acme');
    await world.addTenant('other');
    await world.addMessage('acme', 'there');
    await world.addMessage('other', 'of another');
    const end = world.database.prepare<{ tenant_id: string; id: string; message_pk: string }>((k, p) =>
      k.insertInto('message_ends').values({ ...ENDED, tenant_id: p.tenant_id, id: p.id, message_pk: p.message_pk }),
    );
    await world.database.write([end.bind({ tenant_id: 'acme', id: 'removed', message_pk: world.makePk() })]);
    const { known } = prepareAcceptInUnit(world.database, 600_000);
    expect([...(await known('acme', ['there', 'removed', 'of another', 'new']))].toSorted()).toEqual([
      'removed',
      'there',
    ]);
    expect(await known('acme', [])).toEqual(new Set());
  });
});
