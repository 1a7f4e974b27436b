// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { createMessageEventStore, prepareInsertEvent } from '../../src/entities/message-event/message-event.store.ts';
import { createSequencer } from '../../src/queue/sequence-events.ts';
import { createWorld, type OpenStore, type World } from './store-world.case.ts';

export function sequenceConformance(open: OpenStore): void {
  describe('sequence of events', () => {
    test('events of each tenant are numbered from one in the order in which they were made', async () => {
      await using world = await createWorld(open);
      const writer = await eventWriter(world);
      const sequencer = createSequencer(world.database);
      const made: string[] = [];
      for (let round = 0; round < 5; round++) made.push(await writer.write());
      expect(await sequencer.tenantsWithFreshEvents()).toEqual([world.tenantId]);
      expect(await sequencer.sequence(world.tenantId, 3)).toBe(3);
      expect(await sequencer.sequence(world.tenantId, 3)).toBe(2);
      expect(await sequencer.sequence(world.tenantId, 3)).toBe(0);
      expect(await sequencer.tenantsWithFreshEvents()).toEqual([]);
      expect(await writer.numbered()).toEqual(made.map((pk, index) => ({ pk, seq: index + 1 })));
      const last = await createMessageEventStore(world.database).listLast(world.tenantId, 2);
      expect(last.map(({ pk, seq }) => [pk, seq])).toEqual([
        [made[3], 4],
        [made[4], 5],
      ]);
      expect(await createMessageEventStore(world.database).listLast('nobody', 2)).toEqual([]);
    });

    test('events that are written and numbered by many at once get every number once, without a gap', async () => {
      await using world = await createWorld(open);
      const writer = await eventWriter(world);
      const databases = [world.database, await world.connect()];
      const made: string[] = [];
      const write = async (): Promise<void> => {
        for (let round = 0; round < 30; round++) {
          made.push(...(await Promise.all(Array.from({ length: 5 }, () => writer.write()))));
        }
      };
      let isWriting = true;
      const writing = write().finally(() => {
        isWriting = false;
      });
      const numbering = databases.flatMap((database) => {
        const sequencer = createSequencer(database);
        return [1, 2].map(async () => {
          while (isWriting) await sequencer.sequence(world.tenantId, 7);
        });
      });
      let seen = 0;
      const reading = (async () => {
        // A reader by `after` must never find that a number below its last one appeared later.
        while (isWriting) {
          const rows = await writer.numbered();
          expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
          expect(rows.length).toBeGreaterThanOrEqual(seen);
          seen = rows.length;
        }
      })();
      await Promise.all([writing, reading, ...numbering]);
      await createSequencer(world.database).sequence(world.tenantId, 1_000);
      const rows = await writer.numbered();
      expect(rows.map(({ seq }) => seq)).toEqual(made.map((_, index) => index + 1));
      expect(new Set(rows.map(({ pk }) => pk))).toEqual(new Set(made));
    });
  });
}

/** Writes events of one message of the tenant. */
async function eventWriter(world: World) {
  const { database, tenantId, makePk, clock } = world;
  const message_pk = await world.accept();
  const insert = prepareInsertEvent(database);
  const numbered = database.prepare<{ tenant_id: string }, { pk: string; seq: number }>((k, p) =>
    k
      .selectFrom('message_events')
      .select((eb) => ['pk', eb.ref('seq').$notNull().as('seq')])
      .where('tenant_id', '=', p.tenant_id)
      .where('seq', 'is not', null)
      .orderBy('seq'),
  );
  return {
    async write(): Promise<string> {
      const pk = makePk();
      const event = {
        pk,
        tenant_id: tenantId,
        message_pk,
        account_pk: null,
        type: 'sent',
        at: clock.now(),
        attempt: 1,
      } as const;
      await database.write([insert.bind({ ...event, detail: '{}', seq: null })]);
      return pk;
    },
    numbered: () => database.read(numbered.bind({ tenant_id: tenantId })),
  };
}
