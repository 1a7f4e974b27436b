// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { LargeCounts } from '../src/large-attachments/files/large-counts.ts';
import { createLargeFileStore } from '../src/large-attachments/files/large-file.store.ts';
import { createStoreOnce, type FileToStore, type StoreOnce } from '../src/large-attachments/files/store-once.ts';
import { type MemoryStores, openMemoryStores } from '../src/object-storage/memory-stores.case.ts';
import { StorageFailure } from '../src/object-storage/storage-failure.ts';
import { eventsUntil, type Made } from './bounce-world.case.ts';
import {
  attachment,
  LARGE,
  type LargeWorld,
  linksIn,
  openLargeWorld,
  REWRITE,
  STORAGE,
} from './large-attachments-world.case.ts';

/** @param skip why there is no database to test on; empty where there is one */
export function largeUploadsConformance(name: string, make: Made, skip = ''): void {
  describe.skipIf(skip !== '')(`large uploads on ${name}${skip === '' ? '' : ` (skipped: ${skip})`}`, () => {
    test('a storage that is away defers the message, and what was uploaded by then is not uploaded again', async () => {
      await using world = await openLargeWorld(make);
      await world.configure(REWRITE);
      const second = Buffer.alloc(30_000, 2);
      let failures = 0;
      world.stores.before = async (act) => {
        if (act === 'put' && world.stores.puts.length === 1 && failures++ < 2)
          throw new StorageFailure('unavailable', 'the storage is away');
      };
      const { event, mail } = await world.send('m1', {
        attachments: [attachment('a.bin', LARGE), attachment('b.bin', second)],
      });
      expect([event, failures, world.stores.puts.length]).toEqual(['sent', 3, 2]);
      expect(linksIn(mail?.text)).toHaveLength(2);
      const events = await eventsUntil(world.engine, 'acme', (each) => each.event === 'sent');
      expect(events.map((each) => ('deferred_reason' in each ? each.deferred_reason : each.event))).toContainEqual(
        expect.stringContaining('large attachments cannot be stored: the storage is away'),
      );
    });

    test.for(['misconfigured', 'not_found'] as const)(
      'mail waits for a storage that is %s, until it is mended',
      async (code) => {
        await using world = await openLargeWorld(make);
        await world.configure(REWRITE);
        let failures = 0;
        world.stores.before = async () => {
          if (failures++ < 2) throw new StorageFailure(code, 'there is no bucket of that name');
        };
        const { event } = await world.send('m1', { attachments: [attachment('a.bin', LARGE)] });
        expect(event).toBe('sent');
        const events = await eventsUntil(world.engine, 'acme', (each) => each.event === 'sent');
        expect(events).toContainEqual(
          expect.objectContaining({
            event: 'deferred',
            deferred_reason: expect.stringContaining('there is no bucket'),
          }),
        );
      },
    );

    test('what was uploaded before anybody could write that down is found, and not uploaded again', async () => {
      await using world = await openLargeWorld(make);
      await world.configure(REWRITE);
      const { puts } = world.stores;
      world.stores.before = async (act, key) => {
        // All of it arrived, and the answer was lost.
        if (act !== 'put' || puts.length > 0) return;
        puts.push(key);
        world.stores.objects.set(`${STORAGE}/${key}`, { content: LARGE, mimeType: 'application/octet-stream' });
        throw new StorageFailure('timeout', 'no answer');
      };
      const { event, mail } = await world.send('m1', { attachments: [attachment('a.bin', LARGE)] });
      expect([event, puts.length]).toEqual(['sent', 1]);
      expect(linksIn(mail?.text)).toHaveLength(1);
      expect(await world.rows('large_files')).toMatchObject([{ state: 'stored' }]);
    });

    test('an upload that was cut short is done again, as the same object', async () => {
      await using world = await openLargeWorld(make);
      await world.configure(REWRITE);
      const keys: string[] = [];
      world.stores.before = async (act, key) => {
        if (act === 'put' && keys.push(key) === 1) throw new StorageFailure('timeout', 'cut off');
      };
      expect(await world.send('m1', { attachments: [attachment('a.bin', LARGE)] })).toMatchObject({ event: 'sent' });
      expect(keys).toHaveLength(2);
      expect(new Set(keys).size).toBe(1);
    });

    test('an upload that was cut short is done again where nobody may ask whether it is there', async () => {
      await using world = await openLargeWorld(make);
      await world.configure(REWRITE);
      let failures = 0;
      world.stores.before = async (act) => {
        if (act === 'get') throw new StorageFailure('no_access', 'the storage refuses access');
        if (act === 'put' && failures++ === 0) throw new StorageFailure('timeout', 'cut off');
      };
      expect(await world.send('m1', { attachments: [attachment('a.bin', LARGE)] })).toMatchObject({ event: 'sent' });
      expect(world.stores.puts).toHaveLength(1);
    });

    test('messages with the same content share one file, and have each a link; tenants share nothing', async () => {
      await using world = await openLargeWorld(make);
      for (const tenantId of ['acme', 'other']) await world.configure(REWRITE, tenantId);
      const twice = [attachment('a.bin', LARGE), attachment('again.bin', LARGE)];
      await Promise.all([
        world.send('m1', { attachments: [attachment('a.bin', LARGE)] }),
        world.send('m2', { attachments: twice }),
      ]);
      await world.send('m3', { attachments: [attachment('other name.bin', LARGE)] });
      expect(world.stores.puts).toHaveLength(1);
      const links = await world.rows('large_links');
      expect(new Set(links.map(({ pk }) => pk)).size).toBe(4);
      expect(new Set(links.map(({ file_pk }) => file_pk)).size).toBe(1);
      await world.send('m1', { attachments: [attachment('a.bin', LARGE)] }, 'other');
      await world.configure({ ...REWRITE, storage_url: 's3://elsewhere' });
      await world.send('m4', { attachments: [attachment('a.bin', LARGE)] });
      expect(world.stores.puts).toHaveLength(3);
      const files = await world.rows('large_files');
      expect(new Set(files.map(({ object_key }) => object_key)).size).toBe(3);
      expect(files.map(({ object_key }) => object_key.split('/')[0])).toEqual(['acme', 'other', 'acme']);
    });

    test('what somebody cleared out of the storage is uploaded again', async () => {
      const { database, drop } = await make();
      const stores = openMemoryStores();
      try {
        const sendOne = async (id: string, isAgain: boolean): Promise<number> => {
          await using world = await openLargeWorld(make, { database, stores, isAgain });
          await world.configure(REWRITE);
          await world.send(id, { attachments: [attachment('a.bin', LARGE)] });
          return stores.puts.length;
        };
        expect([await sendOne('m1', false), await sendOne('m2', true)]).toEqual([1, 1]);
        stores.objects.clear();
        expect(await sendOne('m3', true)).toBe(2);
        expect(stores.objects.size).toBe(1);
      } finally {
        await drop();
      }
    });

    test('messages of one process wait for one upload, and who gives up takes nobody along', async () => {
      await using world = await openLargeWorld(make);
      const { stores } = world;
      const storeOnce = storeOnceOf(world);
      const store = await stores.open(STORAGE, 'acme');
      const [first, others] = [new AbortController(), new AbortController()];
      const held = holdPut(stores);
      const given = storeOnce(toStore(), store, first.signal).catch((error: unknown) => error);
      const waiting = [1, 2].map(() => storeOnce(toStore(), store, others.signal));
      await held.begun;
      first.abort('its message is gone');
      held.release();
      expect(await given).toBe('its message is gone');
      const [second, third] = await Promise.all(waiting);
      expect([second?.pk === third?.pk, stores.puts.length]).toEqual([true, 1]);
    });

    test('a file that was given up while it was stored is stored anew by the next try', async () => {
      await using world = await openLargeWorld(make);
      await world.configure(REWRITE);
      const database = world.context.database.withTables<{
        large_files: { state: string; content_hash: string | null };
      }>();
      const giveUp = database.prepare((k) =>
        k.updateTable('large_files').set({ state: 'deleting', content_hash: null }),
      );
      world.stores.before = async (act) => {
        if (act === 'put' && world.stores.puts.length === 0) await database.write([giveUp.bind({})]);
      };
      const { event } = await world.send('m1', { attachments: [attachment('a.bin', LARGE)] });
      expect([event, world.stores.puts.length]).toEqual(['sent', 2]);
      const [given, kept] = await world.rows('large_files');
      expect([given?.state, kept?.state]).toEqual(['deleting', 'stored']);
      expect(await world.rows('large_links')).toMatchObject([{ file_pk: kept?.pk }]);
    });
  });
}

/** Of databases that several instances share. */
export function sharedLargeUploads(name: string, make: Made, skip = ''): void {
  test.skipIf(skip !== '')(
    `instances on ${name} take turns, so that a content is uploaded once${skip === '' ? '' : ` (skipped: ${skip})`}`,
    async () => {
      const { database, drop } = await make();
      const stores = openMemoryStores();
      try {
        await using first = await openLargeWorld(make, { database, stores });
        await using second = await openLargeWorld(make, { database, stores, isAgain: true });
        const held = holdPut(stores);
        const { signal } = new AbortController();
        const store = await stores.open(STORAGE, 'acme');
        const one = storeOnceOf(first)(toStore(), store, signal);
        await held.begun;
        const other = storeOnceOf(second, 1_000)(toStore(), store, signal);
        await eventually(async () => {
          const [file] = await first.rows('large_files');
          return file !== undefined && file.used_at > file.created_at;
        });
        held.release();
        expect((await one).pk).toBe((await other).pk);
        expect(stores.puts).toHaveLength(1);
      } finally {
        await drop();
      }
    },
  );
}

/** A file of a message. */
function toStore(): FileToStore {
  return {
    ...{ tenantId: 'acme', storageUrl: STORAGE, contentHash: 'hash', mimeType: 'text/plain' },
    sizeBytes: LARGE.byteLength,
    async *read() {
      yield LARGE;
    },
  };
}

/** What the mixin has of it. @param aheadMs by how much its clock is ahead */
function storeOnceOf({ context: { database, leases, clock, makePk } }: LargeWorld, aheadMs = 0): StoreOnce {
  const files = createLargeFileStore(database.withTables(), {
    clock: { ...clock, now: () => clock.now() + aheadMs },
    makePk,
  });
  return createStoreOnce({ files, leases, clock, counts: new LargeCounts() });
}

/** Have the first upload begin and wait. */
function holdPut(stores: MemoryStores): { readonly begun: Promise<void>; release(): void } {
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  stores.before = async (act) => {
    if (act !== 'put') return;
    begun.resolve();
    await held.promise;
  };
  return { begun: begun.promise, release: () => held.resolve() };
}
