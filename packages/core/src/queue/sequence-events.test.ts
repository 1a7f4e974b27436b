// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, inject, test } from 'vitest';
import {
  type EventWorld,
  openPostgresWorld,
  openSqliteWorld,
  openWorld,
} from '../entities/message-event/event-world.case.ts';
import { createMessageEventStore } from '../entities/message-event/message-event.store.ts';
import { createSequencer } from './sequence-events.ts';

const seqs = async (world: EventWorld, tenantId: string) => (await world.eventsOf(tenantId)).map((event) => event.seq);

describe.each([
  { name: 'SQLite', skip: '', open: openSqliteWorld },
  { name: 'PostgreSQL', skip: inject('pgSkip'), open: () => openPostgresWorld(inject('pgUrl'), inject('pgMigrated')) },
])('sequencing on $name', ({ skip, open }) => {
  test.skipIf(skip !== '')('numbers the events of one tenant in the order of their keys, from 1', async () => {
    await using world = await open();
    const sequencer = createSequencer(world.database);
    await world.addTenant('acme');
    await world.addTenant('other');
    for (let i = 0; i < 3; i++) await world.addEvent('acme');
    await world.addEvent('other');

    expect((await sequencer.tenantsWithFreshEvents()).toSorted()).toEqual(['acme', 'other']);
    expect(await sequencer.sequence('acme', 100)).toBe(3);
    expect(await seqs(world, 'acme')).toEqual([1, 2, 3]);
    expect(await seqs(world, 'other')).toEqual([null]);
    expect(await sequencer.tenantsWithFreshEvents()).toEqual(['other']);
    expect(await sequencer.sequence('acme', 100)).toBe(0);
    await world.addEvent('acme');
    expect(await sequencer.sequence('acme', 100)).toBe(1);
    expect(await seqs(world, 'acme')).toEqual([1, 2, 3, 4]);
    expect(await createMessageEventStore(world.database).cursor('acme')).toMatchObject({ last_seq: 4, acked_seq: 0 });
  });

  test.skipIf(skip !== '')('numbers no more than the limit, the oldest first', async () => {
    await using world = await open();
    const sequencer = createSequencer(world.database);
    await world.addTenant('acme');
    for (let i = 0; i < 5; i++) await world.addEvent('acme');
    expect(await sequencer.sequence('acme', 2)).toBe(2);
    expect(await seqs(world, 'acme')).toEqual([1, 2, null, null, null]);
    expect(await sequencer.sequence('acme', 2)).toBe(2);
    expect(await sequencer.sequence('acme', 2)).toBe(1);
    expect(await seqs(world, 'acme')).toEqual([1, 2, 3, 4, 5]);
  });

  test.skipIf(skip !== '')('goes on after the last number given when the events before were deleted', async () => {
    await using world = await open();
    const sequencer = createSequencer(world.database);
    await world.addTenant('acme');
    await world.addEvent('acme');
    await world.addEvent('acme');
    await sequencer.sequence('acme', 100);
    const deleteEvents = world.database.prepare<object>((k) => k.deleteFrom('message_events'));
    await world.database.write([deleteEvents.bind({})]);
    await world.addEvent('acme');
    await sequencer.sequence('acme', 100);
    expect(await seqs(world, 'acme')).toEqual([3]);
  });

  test.skipIf(skip !== '')('a tenant that does not exist is left alone', async () => {
    await using world = await open();
    expect(await createSequencer(world.database).sequence('nobody', 100)).toBe(0);
    expect(await createMessageEventStore(world.database).cursor('nobody')).toBeNull();
  });

  test.skipIf(skip !== '')('however inserts and sequencing interleave, a reader meets each event once', async () => {
    await using world = await open();
    // Where the database takes a second one, two instances number at the same time.
    await using second = world.url.startsWith('postgres') ? await openWorld(world.url) : null;
    const sequencers = [createSequencer(world.database), createSequencer((second ?? world).database)];
    const store = createMessageEventStore(world.database);
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant({ do: 'insert' as const }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('sequence' as const),
          by: fc.nat(1),
          limit: fc.integer({ min: 1, max: 4 }),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ do: 'read' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'settle' as const }) },
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const tenantId = `tenant-${++round}`;
        await world.addTenant(tenantId);
        const inserted: string[] = [];
        const seen: string[] = [];
        let position = 0;
        const read = async (): Promise<void> => {
          const rows = await store.listAfter(tenantId, position, 1_000);
          seen.push(...rows.map((row) => row.pk));
          position = rows.at(-1)?.seq ?? position;
        };
        let underway: Promise<unknown>[] = [];
        const settle = async (): Promise<void> => {
          await Promise.all(underway);
          underway = [];
        };
        for (const one of steps) {
          if (one.do === 'insert') underway.push(world.addEvent(tenantId).then((pk) => inserted.push(pk)));
          else if (one.do === 'sequence') underway.push(sequencers[one.by]!.sequence(tenantId, one.limit));
          else if (one.do === 'read') await read();
          else await settle();
        }
        await settle();
        while ((await sequencers[0]!.sequence(tenantId, 100)) > 0);
        await read();

        expect(seen.toSorted()).toEqual(inserted.toSorted());
        const numbers = (await seqs(world, tenantId)).toSorted((a, b) => (a ?? 0) - (b ?? 0));
        expect(numbers).toEqual(inserted.map((_, index) => index + 1));
      }),
      { numRuns: 60 },
    );
  });
});
