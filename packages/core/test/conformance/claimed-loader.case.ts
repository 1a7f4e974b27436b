// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { MailProxyError } from '../../src/errors.ts';
import { prepareAccept } from '../../src/queue/accept.ts';
import { AcceptedMail } from '../../src/queue/accepted-mail.ts';
import { prepareLoadClaimed } from '../../src/queue/load-claimed.ts';
import { prepareSettle } from '../../src/queue/settle.ts';
import { createWorld, type OpenStore, type World } from './store-world.case.ts';
import { countingReads } from './watched-database.case.ts';

/** Longer than what is read ahead. */
const LONG = JSON.stringify({ text: 'é'.repeat(40_000) });

export function claimedLoaderConformance(open: OpenStore): void {
  describe('what is claimed', () => {
    test('is read ahead in one go, each with its recipients in their order', async () => {
      await using world = await createWorld(open);
      const to = ['bob@example.org', 'ann@example.org'];
      const pks = [
        await accept(world, '{"text":"one"}', to),
        await accept(world, '{"text":"two"}', ['cy@example.org']),
      ];
      const { database, reads } = countingReads(world.database);
      const { load, loadAhead } = prepareLoadClaimed(database);
      loadAhead(pks);
      const [one, two] = await Promise.all(pks.map(load));
      expect(one).toEqual({
        content: '{"text":"one"}',
        pending: to.map((address, position) => expect.objectContaining({ address, position, attempts: 0 })),
        decided: [],
        attachments: [],
        detached: [],
      });
      expect(two).toMatchObject({ content: '{"text":"two"}', pending: [{ address: 'cy@example.org' }] });
      expect(reads()).toBe(1);
    });

    test('and long is read when its attempt begins, as is what nobody read ahead', async () => {
      await using world = await createWorld(open);
      const long = await accept(world, LONG, ['ann@example.org']);
      const other = await accept(world, '{}', ['bob@example.org']);
      const { database, reads } = countingReads(world.database);
      const { load, loadAhead } = prepareLoadClaimed(database);
      loadAhead([long]);
      expect(await load(long)).toMatchObject({ content: LONG, pending: [{ address: 'ann@example.org' }] });
      expect(reads()).toBe(2);
      expect(await load(other)).toMatchObject({ content: '{}' });
      expect(reads()).toBe(3);
    });

    test('is not read at all when it was accepted a moment ago, and is then what a reading gives', async () => {
      await using world = await createWorld(open);
      const accepted = new AcceptedMail({ clock: world.clock });
      const to = ['bob@example.org', 'ann@example.org'];
      const pk = await accept(world, '{"text":"one"}', to, accepted);
      const other = await accept(world, '{"text":"two"}', to);
      const { database, reads } = countingReads(world.database);
      const { load, loadAhead } = prepareLoadClaimed(database, undefined, accepted);
      loadAhead([pk]);
      const remembered = await load(pk);
      expect(reads()).toBe(0);
      loadAhead([pk, other]);
      expect(await load(other)).toMatchObject({ content: '{"text":"two"}' });
      // What an attempt took is read by the next.
      expect(await load(pk)).toMatchObject(remembered);
      expect(reads()).toBe(1);
    });

    test('is not taken for what came with an id that another has', async () => {
      await using world = await createWorld(open);
      const accepted = new AcceptedMail({ clock: world.clock });
      const first = world.draft({ to: ['ann@example.org'] });
      const second = world.draft({ to: ['bob@example.org'] });
      const acceptInto = prepareAccept(world.database, 600_000, accepted);
      await acceptInto(first);
      const { id } = first.message;
      const taken = acceptInto({ ...second, message: { ...second.message, id } });
      await expect(taken).rejects.toMatchObject({ code: 'duplicate_id' });
      expect([first, second].map(({ message }) => accepted.has(message.pk))).toEqual([true, false]);
    });

    test('is read anew for each attempt', async () => {
      await using world = await createWorld(open);
      const pk = await accept(world, '{}', ['ann@example.org', 'bob@example.org']);
      const { session } = await world.claimAll();
      const { load, loadAhead } = prepareLoadClaimed(world.database);
      loadAhead([pk]);
      expect((await load(pk)).decided).toEqual([]);
      const answered = { attempts: 1, stage: 'dot', code: 250, enhanced: null, reply: 'ok', verdict: null };
      await prepareSettle(
        world.database,
        world.makePk,
      )(
        world.settlement(pk, session, {
          state: 'ready',
          result: null,
          units: 1,
          recipients: [{ ...answered, position: 0, state: 'sent' }],
        }),
      );
      expect(await load(pk)).toMatchObject({ decided: ['sent'], pending: [{ address: 'bob@example.org' }] });
    });

    test('tells each attempt that the database was away, and is read again by the next', async () => {
      await using world = await createWorld(open);
      const pk = await accept(world, '{}', ['ann@example.org']);
      const { database, fail } = countingReads(world.database);
      const { load, loadAhead } = prepareLoadClaimed(database);
      fail(new MailProxyError('database_unavailable'));
      loadAhead([pk]);
      fail(null);
      await expect(load(pk)).rejects.toMatchObject({ code: 'database_unavailable' });
      expect(await load(pk)).toMatchObject({ content: '{}' });
    });

    test('and gone is an error that names it', async () => {
      await using world = await createWorld(open);
      const { load, loadAhead } = prepareLoadClaimed(world.database);
      const pk = world.makePk();
      loadAhead([pk]);
      await expect(load(pk)).rejects.toThrow(pk);
    });
  });
}

async function accept(
  world: World,
  content: string,
  to: readonly string[],
  accepted: AcceptedMail | null = null,
): Promise<string> {
  const draft = world.draft({ to });
  await prepareAccept(world.database, 600_000, accepted)({ ...draft, content });
  return draft.message.pk;
}
