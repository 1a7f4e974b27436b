// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { CapturedRoomKeeper } from '../../src/delivery/captured-room.ts';
import { prepareCapture } from '../../src/entities/captured-mail/capture.ts';
import { createCapturedMailStore } from '../../src/entities/captured-mail/captured-mail.store.ts';
import { plainContents } from '../../src/entities/message/content-sealer.ts';
import { reachOf } from '../../src/operations/principal.ts';
import { prepareSettle } from '../../src/queue/settle.ts';
import { createWorld, type OpenStore, type World } from './store-world.case.ts';
import { inDoubtOnce } from './watched-database.case.ts';

const mailOf = (subject: string, bytes = 0) => ({
  from: 'a@example.org',
  to: ['b@example.org', 'c@example.org'],
  bytes: Buffer.from(`Subject: ${subject}\r\n\r\n${'x'.repeat(bytes)}\r\n`),
});

function storesOf({ database }: World) {
  return { capture: prepareCapture(database, plainContents), mails: createCapturedMailStore(database, plainContents) };
}

/** Settle one message after the other, each with what a sandbox took of it. */
async function captureAll(world: World, ...sizes: readonly number[]): Promise<void> {
  const { capture } = storesOf(world);
  const settle = prepareSettle(world.database, world.makePk, { capture });
  for (const _ of sizes) await world.accept();
  const { session, pks } = await world.claimAll();
  for (const [index, pk] of pks.entries()) {
    await world.clock.advance(1_000);
    const mail = mailOf(String(index), sizes[index]);
    await settle({ ...world.settlement(pk, session, {}), captured: [mail] });
  }
}

export function capturedConformance(open: OpenStore): void {
  describe('what sandboxes captured', () => {
    test('is kept with the outcome, each transaction once, also when the commit was in doubt', async () => {
      await using world = await createWorld(open);
      const { capture, mails } = storesOf(world);
      await world.accept();
      const { session, pks } = await world.claimAll();
      const settle = prepareSettle(inDoubtOnce(world.database), world.makePk, { capture });
      const settlement = { ...world.settlement(pks[0] ?? '', session, {}), captured: [mailOf('one'), mailOf('two')] };
      await expect(settle(settlement)).rejects.toMatchObject({ code: 'database_unavailable' });
      await settle(settlement);
      const { items } = await mails.list(reachOf(world.tenantId), {}, { limit: 10 });
      expect(items.map(({ subject, attempt, recipients }) => [subject, attempt, recipients])).toEqual([
        ['two', 1, ['b@example.org', 'c@example.org']],
        ['one', 1, ['b@example.org', 'c@example.org']],
      ]);
      const content = await mails.content(reachOf(world.tenantId), items[1]?.pk ?? '');
      expect(Buffer.from(content).toString()).toContain('Subject: one');
    });

    test('is nothing of a message that another session has by now', async () => {
      await using world = await createWorld(open);
      const { capture, mails } = storesOf(world);
      await world.accept();
      const { pks } = await world.claimAll();
      const other = await world.sessions.start('other', world.clock.now());
      const settle = prepareSettle(world.database, world.makePk, { capture });
      const late = { ...world.settlement(pks[0] ?? '', other, {}), captured: [mailOf('late')] };
      await expect(settle(late)).rejects.toMatchObject({ code: 'lease_lost' });
      expect(await mails.list(reachOf(world.tenantId), {}, { limit: 10 })).toEqual({ items: [], next: null });
    });

    test('goes by number, by size and by age, the oldest first, and that of its tenant only', async () => {
      await using world = await createWorld(open);
      const { mails } = storesOf(world);
      await captureAll(world, 10, 20, 30, 40, 50);
      const left = async () =>
        (await mails.list(reachOf(world.tenantId), {}, { limit: 10 })).items.map(({ subject }) => subject);
      const roomy = { maxMessages: 100, maxBytes: 1_000_000 };
      await mails.trim('another', { maxMessages: 1, maxBytes: 1 });
      await mails.trim(world.tenantId, roomy);
      expect(await left()).toHaveLength(5);
      expect(await mails.tenants()).toEqual([world.tenantId]);
      await mails.trim(world.tenantId, { ...roomy, maxMessages: 4 });
      expect(await left()).toEqual(['4', '3', '2', '1']);
      // Each has 16 bytes more than its body.
      await mails.trim(world.tenantId, { ...roomy, maxBytes: 66 + 56 + 46 });
      expect(await left()).toEqual(['4', '3', '2']);
      await mails.trim(world.tenantId, { ...roomy, maxBytes: 66 + 56 + 45 });
      expect(await left()).toEqual(['4', '3']);
      const { items } = await mails.list(reachOf(world.tenantId), {}, { limit: 1 });
      expect(await mails.removeOlder(items[0]?.captured_at ?? 0, 100)).toBe(1);
      expect(await left()).toEqual(['4']);
    });

    test('goes with its message, or the content of it, also where an older version removed that', async () => {
      await using world = await createWorld(open);
      const { mails } = storesOf(world);
      await captureAll(world, 10, 20, 30, 40);
      const [first, second] = await world.messages();
      const removeMessage = world.database.prepare<{ pk: string }>((k, p) =>
        k.deleteFrom('messages').where('pk', '=', p.pk),
      );
      const markRemoved = world.database.prepare<{ pk: string }>((k, p) =>
        k.updateTable('messages').set({ content_removed: 1 }).where('pk', '=', p.pk),
      );
      await world.database.write([
        removeMessage.bind({ pk: first?.pk ?? '' }),
        markRemoved.bind({ pk: second?.pk ?? '' }),
      ]);
      const left = async () => (await mails.list(reachOf(world.tenantId), {}, { limit: 10 })).items;
      const kept = (await left()).filter(({ message_pk }) => message_pk !== first?.pk && message_pk !== second?.pk);
      expect(kept).toHaveLength(2);
      const keeper = new CapturedRoomKeeper({
        clock: world.clock,
        mails,
        room: { maxMessages: 100, maxBytes: 1_000_000 },
        keptMs: null,
      });
      await keeper.tidy(new AbortController().signal);
      expect(await left()).toEqual(kept);
      // Piece by piece.
      const firstKept = await mails.removeOfGone('', 1);
      expect(firstKept).toBe(kept.at(-1)?.message_pk);
      expect(await mails.removeOfGone(firstKept ?? '', 2)).toBeNull();
    });
  });
}
