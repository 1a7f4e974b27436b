// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { draftedFile, fileToFetch } from '../../src/entities/message/drafted-file.case.ts';
import { createAttachmentContents } from '../../src/queue/attachment-contents.ts';
import { prepareBatchStatements } from '../../src/queue/batch-statements.ts';
import { createMessageControl } from '../../src/queue/control.ts';
import { prepareExpire } from '../../src/queue/expire.ts';
import { prepareLoadAttachments } from '../../src/queue/load-attachments.ts';
import {
  createPreparing,
  type FileToDetach,
  type Preparing,
  type PreparingMessage,
} from '../../src/queue/preparing.ts';
import { preparePromotion } from '../../src/queue/promote.ts';
import { prepareSettle } from '../../src/queue/settle.ts';
import { createWorld, type DraftChanges, type OpenStore, STEP_MS, type World } from './store-world.case.ts';

const FILE = 'a file';
const FILE_BYTES = FILE.length;
const TWO_FILES = { attachments: [fileToFetch('a.pdf'), fileToFetch('b.pdf')] };

export function preparingConformance(open: OpenStore): void {
  describe('a message with attachments to fetch', () => {
    test('is ready once the last of them is there, and not before', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept(TWO_FILES);
      expect(await world.message(pk)).toMatchObject({ state: 'preparing', unfetched: 2, owner_session: null });
      expect(await world.claimAll()).toMatchObject({ pks: [] });
      const [message] = await world.take();
      expect(message).toMatchObject({ pk, fetch_attempts: 0, owner_session: world.session });
      expect(await world.pin(message, 1)).toBe(false);
      expect(await world.message(pk)).toMatchObject({ state: 'preparing', unfetched: 1, owner_session: world.session });
      expect(await world.pin(message, 0)).toBe(true);
      expect(await world.message(pk)).toMatchObject({ state: 'ready', unfetched: 0, owner_session: null });
      expect((await world.claimAll()).pks).toEqual([pk]);
    });

    test('counts a file once, however often it is said to be there', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept(TWO_FILES);
      const [message] = await world.take();
      const { size_bytes: before } = await world.message(pk);
      for (let time = 0; time < 3; time++) expect(await world.pin(message, 1)).toBe(false);
      expect(await world.message(pk)).toMatchObject({ unfetched: 1, size_bytes: before + FILE_BYTES });
    });

    test('is ready with the last of them, though several are written at once', async () => {
      await using world = await openPreparing(open);
      const attachments = Array.from({ length: 16 }, (_, index) => fileToFetch(`${index}`));
      const pk = await world.accept({ attachments });
      const [message] = await world.take();
      const writers = await Promise.all(Array.from({ length: 4 }, () => world.connect()));
      const pinned = await Promise.all(
        attachments.map((_, position) =>
          world.pin(message, position, createPreparing(writers[position % writers.length] ?? world.database)),
        ),
      );
      expect(pinned.filter((isReady) => isReady)).toHaveLength(1);
      expect(await world.message(pk)).toMatchObject({ state: 'ready', unfetched: 0 });
    });

    test('waits for its time first', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept({ ...TWO_FILES, eligible_at: world.clock.now() + 1_000 });
      expect((await world.message(pk)).state).toBe('deferred');
      await world.clock.advance(1_000);
      const promoted = await preparePromotion(world.database, STEP_MS).promote(world.clock.now(), 10);
      expect(promoted).toMatchObject([{ account_pk: world.accountPk, state: 'preparing' }]);
      expect((await world.message(pk)).state).toBe('preparing');
    });

    test('is in the hands of one session at most, however many ask', async () => {
      await using world = await openPreparing(open);
      const pks: string[] = [];
      for (let index = 0; index < 20; index++) pks.push(await world.accept(TWO_FILES));
      const others = await Promise.all(Array.from({ length: 4 }, () => world.connect()));
      const taken = await Promise.all(
        others.map(async (database) => {
          const session = await world.sessions.start('other', world.clock.now());
          const options = { session, now: world.clock.now() };
          return createPreparing(database).claim([{ tenantId: world.tenantId, quota: 7 }], options);
        }),
      );
      const claimed = taken.flat().map(({ pk }) => pk);
      expect(new Set(claimed).size).toBe(claimed.length);
      expect(claimed.toSorted()).toEqual(pks.toSorted());
    });

    test('is taken in the order of its rank, of each tenant as many as it may have', async () => {
      await using world = await openPreparing(open);
      await world.addTenant('other');
      const account_pk = await world.addAccount('other', 'main');
      const low = await world.accept({ ...TWO_FILES, priority: 3 });
      const high = await world.accept({ ...TWO_FILES, priority: 1 });
      const others: string[] = [];
      for (let index = 0; index < 3; index++)
        others.push(await world.accept({ ...TWO_FILES, tenant_id: 'other', account_pk }));
      expect(await world.preparing.tenants()).toEqual([world.tenantId, 'other']);
      const taken = await world.preparing.claim(
        [
          { tenantId: 'other', quota: 2 },
          { tenantId: world.tenantId, quota: 5 },
        ],
        { session: world.session, now: world.clock.now() },
      );
      expect(taken.map(({ pk }) => pk)).toEqual([...others.slice(0, 2), high, low]);
    });

    test('is left alone while its tenant, its batch or everything is stopped', async () => {
      await using world = await openPreparing(open);
      await world.accept({ ...TWO_FILES, batch_code: 'spring' });
      const { suspend, activate } = prepareBatchStatements(world.database, STEP_MS);
      const spring = { tenant_id: world.tenantId, batch_code: 'spring' };
      await world.database.write([suspend.bind({ ...spring, now: 0 })]);
      expect(await world.take()).toEqual([]);
      await world.database.write([activate.bind(spring)]);
      await world.stopTenant(1);
      expect(await world.take()).toEqual([]);
      await world.stopTenant(null);
      expect(await world.take()).toHaveLength(1);
    });

    test('of a session that has ended is written by nobody else, and goes on with another', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept(TWO_FILES);
      const [message] = await world.take();
      await world.pin(message, 0);
      await world.sessions.end(world.session, world.clock.now());
      await expect(world.pin(message, 1)).rejects.toMatchObject({ code: 'lease_lost' });
      const next = await world.sessions.start('next', world.clock.now());
      expect(await world.sessions.findDead(next, 0)).toEqual([world.session]);
      await world.sessions.rescue(world.session, { now: world.clock.now(), limit: 10 });
      expect(await world.message(pk)).toMatchObject({
        state: 'preparing',
        unfetched: 1,
        attempts: 0,
        owner_session: null,
      });
      expect(await world.events(pk)).toEqual([]);
      expect(await world.sessions.findDead(next, 0)).toEqual([]);
    });

    test('that is given back may be taken again, and one of another session stays its', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept(TWO_FILES);
      await world.take();
      expect(await world.preparing.ownedBy(world.session)).toEqual([pk]);
      await world.preparing.giveBack([pk], world.session + 1);
      expect(await world.take()).toEqual([]);
      await world.preparing.giveBack([pk], world.session);
      expect(await world.preparing.ownedBy(world.session)).toEqual([]);
      expect(await world.take()).toHaveLength(1);
    });

    test('that fails for now is deferred, and its tries are counted apart', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept(TWO_FILES);
      await world.take();
      const settle = prepareSettle(world.database, world.makePk);
      const eligibleAt = world.clock.now() + 60_000;
      const settlement = world.settlement(pk, world.session, {
        state: 'deferred',
        result: null,
        attempts: 0,
        fetchAttempts: 1,
        eligibleAt,
        units: 1,
        event: { type: 'deferred', attempt: 1, detail: { reason: 'it took too long' } },
      });
      await settle(settlement);
      expect(await world.message(pk)).toMatchObject({
        state: 'deferred',
        attempts: 0,
        fetch_attempts: 1,
        unfetched: 2,
        eligible_at: eligibleAt,
        owner_session: null,
      });
      await expect(settle(settlement)).rejects.toMatchObject({ code: 'lease_lost' });
    });

    test.each([
      ['cancel', 'final', 'conflict'],
      ['hold', 'held', 'preparing'],
    ] as const)('can be changed by hand while it is fetched: %s', async (action, state, released) => {
      await using world = await openPreparing(open);
      const pk = await world.accept(TWO_FILES);
      const [message] = await world.take();
      const control = createMessageControl(world.database, { makePk: world.makePk, stepMs: STEP_MS });
      const row = { ...(await world.message(pk)), account_id: 'main' };
      expect(await control.apply(row, { action }, world.clock.now())).toBe(state);
      expect(await world.message(pk)).toMatchObject({ state, owner_session: null });
      await expect(world.pin(message, 0)).rejects.toMatchObject({ code: 'lease_lost' });
      const again = await control.apply({ ...row, state }, { action: 'release' }, world.clock.now());
      expect(again ?? 'conflict').toBe(released);
    });

    test('is moved to another time while it is fetched', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept(TWO_FILES);
      await world.take();
      const control = createMessageControl(world.database, { makePk: world.makePk, stepMs: STEP_MS });
      const row = { ...(await world.message(pk)), account_id: 'main' };
      const later = world.clock.now() + 1_000;
      expect(
        await control.apply(row, { action: 'reschedule', sendAt: later, expiresAt: null }, world.clock.now()),
      ).toBe('deferred');
      const now = { action: 'reschedule', sendAt: 0, expiresAt: null } as const;
      expect(await control.apply({ ...row, state: 'deferred' }, now, world.clock.now())).toBe('preparing');
    });

    test('expires, whoever fetches for it', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept({ ...TWO_FILES, expires_at: world.clock.now() + 1 });
      const [message] = await world.take();
      await world.clock.advance(1);
      expect(await prepareExpire(world.database, world.makePk)(world.clock.now(), 10)).toMatchObject([{ pk }]);
      expect(await world.message(pk)).toMatchObject({ state: 'final', result: 'expired', owner_session: null });
      await expect(world.pin(message, 0)).rejects.toMatchObject({ code: 'lease_lost' });
    });
  });

  describe('a message of which mixins are asked', () => {
    const ASKED = { ...TWO_FILES, unfetched: 3 };
    const link = (position: number): FileToDetach => ({
      position,
      mixin: 'links',
      sizeBytes: FILE_BYTES,
      data: { url: `https://files.example/${position}` },
    });

    test('is ready once they have answered and not with its last file, and loses what is detached', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept(ASKED);
      const { size_bytes: before } = await world.message(pk);
      const [message] = await world.take();
      expect(message).toMatchObject({ unfetched: 3 });
      if (message === undefined) throw new Error('nothing was taken');
      await world.pin(message, 0);
      await expect(world.preparing.finish(message, [], world.clock.now())).rejects.toMatchObject({
        code: 'lease_lost',
      });
      expect(await world.pin(message, 1)).toBe(false);
      expect(await world.message(pk)).toMatchObject({ state: 'preparing', unfetched: 1, owner_session: world.session });
      await world.preparing.finish(message, [link(0)], world.clock.now());
      expect(await world.message(pk)).toMatchObject({
        state: 'ready',
        unfetched: 0,
        owner_session: null,
        size_bytes: before + FILE_BYTES,
      });
      expect(await prepareLoadAttachments(world.database)(pk)).toMatchObject({
        attachments: [{ filename: 'b.pdf' }],
        detached: [{ mixin: 'links', filename: 'a.pdf', data: link(0).data }],
      });
      await expect(world.preparing.finish(message, [], world.clock.now())).rejects.toMatchObject({
        code: 'lease_lost',
      });
      expect((await world.claimAll()).pks).toEqual([pk]);
    });

    test('waits for the answer even where nothing is to be fetched', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept({ attachments: [draftedFile('a.pdf', Buffer.from(FILE))], unfetched: 1 });
      expect((await world.message(pk)).state).toBe('preparing');
      const [message] = await world.take();
      if (message === undefined) throw new Error('nothing was taken');
      await world.preparing.finish(message, [link(0)], world.clock.now());
      expect(await prepareLoadAttachments(world.database)(pk)).toMatchObject({ attachments: [], detached: [{}] });
      const contents = createAttachmentContents(world.database);
      await world.clock.advance(1);
      // Nobody else has these bytes.
      expect(await contents.forget(world.clock.now(), 10)).toBeGreaterThan(0);
    });

    test('of a session that ended before the answer was written loses nothing by it, and another asks again', async () => {
      await using world = await openPreparing(open);
      const pk = await world.accept(ASKED);
      const [message] = await world.take();
      if (message === undefined) throw new Error('nothing was taken');
      await world.pin(message, 0);
      await world.pin(message, 1);
      await world.sessions.end(world.session, world.clock.now());
      const late = world.preparing.finish(message, [link(0)], world.clock.now());
      await expect(late).rejects.toMatchObject({ code: 'lease_lost' });
      expect((await prepareLoadAttachments(world.database)(pk)).detached).toEqual([]);
      const next = await world.sessions.start('next', world.clock.now());
      await world.sessions.rescue(world.session, { now: world.clock.now(), limit: 10 });
      const quotas = [{ tenantId: world.tenantId, quota: 1 }];
      const [again] = await world.preparing.claim(quotas, { session: next, now: world.clock.now() });
      if (again === undefined) throw new Error('nothing was taken');
      expect(again).toMatchObject({ pk, unfetched: 1 });
      await world.preparing.finish(again, [link(1)], world.clock.now());
      expect((await prepareLoadAttachments(world.database)(pk)).detached).toMatchObject([{ filename: 'b.pdf' }]);
    });
  });
}

interface PreparingWorld extends World {
  readonly session: number;
  readonly preparing: ReturnType<typeof createPreparing>;
  /** Take all messages of the tenant that are to be prepared. */
  take(): Promise<readonly PreparingMessage[]>;
  /** @param preparing - who writes it. @defaultValue this world's */
  pin(message: PreparingMessage | undefined, position: number, preparing?: Pick<Preparing, 'pin'>): Promise<boolean>;
  stopTenant(at: number | null): Promise<void>;
  accept(changes?: DraftChanges): Promise<string>;
}

async function openPreparing(open: OpenStore): Promise<PreparingWorld> {
  const world = await createWorld(open);
  const { database, clock, tenantId } = world;
  const session = await world.sessions.start('test', clock.now());
  const preparing = createPreparing(database);
  const bytes = new TextEncoder().encode(FILE);
  const contentHash = await createAttachmentContents(database).store(
    tenantId,
    {
      sizeBytes: bytes.byteLength,
      sha256: hash('sha256', bytes),
      async *read() {
        yield bytes;
      },
    },
    clock.now(),
  );
  const stop = database.prepare<{ id: string; at: number | null }>((k, p) =>
    k.updateTable('tenants').set({ suspended_at: p.at }).where('id', '=', p.id),
  );
  return {
    ...world,
    session,
    preparing,
    take: () => preparing.claim([{ tenantId, quota: 100 }], { session, now: clock.now() }),
    pin(message, position, writer = preparing) {
      if (message === undefined) throw new Error('there is no such message');
      return writer.pin(message, { position, contentHash }, clock.now());
    },
    async stopTenant(at) {
      await database.write([stop.bind({ id: tenantId, at })]);
    },
  };
}
