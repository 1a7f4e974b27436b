// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { exactlyOne } from '../../src/database/statement.ts';
import { draftedFile } from '../../src/entities/message/drafted-file.case.ts';
import { prepareAccept } from '../../src/queue/accept.ts';
import { prepareLoadAttachments } from '../../src/queue/load-attachments.ts';
import { createWorld, type OpenStore, STEP_MS } from './store-world.case.ts';

export function writeConformance(open: OpenStore): void {
  describe('writes', () => {
    test('accept stores the message with its content, recipients and attachments', async () => {
      await using world = await createWorld(open);
      const accept = prepareAccept(world.database, STEP_MS);
      const draft = world.draft({ to: ['ann@example.org', 'bob@example.org'] });
      const bytes = new Uint8Array([0, 1, 128, 255]);
      expect(await accept({ ...draft, attachments: [draftedFile('a.bin', bytes)] })).toBe('ready');
      const { pk } = draft.message;
      expect(await world.message(pk)).toMatchObject({ state: 'ready', attempts: 0, owner_session: null, result: null });
      const recipients = await world.recipients(pk);
      expect(recipients.map(({ address, state }) => [address, state])).toEqual([
        ['ann@example.org', 'pending'],
        ['bob@example.org', 'pending'],
      ]);
      const [file] = (await prepareLoadAttachments(world.database)(pk)).attachments;
      expect(file?.filename).toBe('a.bin');
      expect(file?.bytes instanceof Uint8Array && [...file.bytes]).toEqual([...bytes]);
    });

    test('a message that is due later is deferred', async () => {
      await using world = await createWorld(open);
      const accept = prepareAccept(world.database, STEP_MS);
      expect(await accept(world.draft({ eligible_at: world.clock.now() + 1 }))).toBe('deferred');
    });

    test('a taken id is refused and its neighbours in the same group are stored', async () => {
      await using world = await createWorld(open);
      await world.accept({ id: 'taken' });
      const outcomes = await Promise.allSettled([
        world.accept({ id: 'before' }),
        world.accept({ id: 'taken', to: ['eve@example.org'] }),
        world.accept({ id: 'after' }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(outcomes[1]).toMatchObject({ reason: { code: 'duplicate_id' } });
      expect((await world.messages()).map(({ id }) => id)).toEqual(['taken', 'before', 'after']);
    });

    test('an id that one tenant took is free for another', async () => {
      await using world = await createWorld(open);
      await world.addTenant('other');
      const account_pk = await world.addAccount('other', 'main');
      await world.accept({ id: 'same' });
      await world.accept({ id: 'same', tenant_id: 'other', account_pk });
      expect(await world.messages()).toHaveLength(2);
    });

    test('a message whose last row is refused is not stored at all', async () => {
      await using world = await createWorld(open);
      const accept = prepareAccept(world.database, STEP_MS);
      const draft = world.draft();
      // The second of two equal rows breaks the primary key of the recipients.
      const insert = world.database.prepare<{ pk: string; now: number }>((k, p) =>
        k.insertInto('message_recipients').values({
          message_pk: p.pk,
          position: 0,
          kind: 'to',
          address: 'ann@example.org',
          state: 'pending',
          attempts: 0,
          stage: null,
          code: null,
          enhanced: null,
          reply: null,
          verdict: null,
          updated_at: p.now,
        }),
      );
      await accept(draft);
      const second = world.draft();
      const row = { pk: second.message.pk, now: 0 };
      await expect(world.database.write([insert.bind(row), insert.bind(row)])).rejects.toThrow();
      expect(await world.recipients(second.message.pk)).toEqual([]);
      await expect(accept({ ...second, message: { ...second.message, account_pk: 'nobody' } })).rejects.toThrow();
      expect((await world.messages()).map(({ pk }) => pk)).toEqual([draft.message.pk]);
    });

    test('a unit that the database refuses harms no neighbour in its group', async () => {
      await using world = await createWorld(open);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          world.accept({ id: `m${index}`, ...(index % 4 === 3 ? { account_pk: 'nobody' } : {}) }),
        ),
      );
      const failed = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
      expect(failed).toEqual([3, 7, 11, 15, 19]);
      expect(await world.messages()).toHaveLength(15);
    });

    test('a guard that touches no row undoes its whole unit and gives its code', async () => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const rename = world.database.prepare<{ pk: string; text: string }>((k, p) =>
        k.updateTable('messages').set({ last_error: p.text }).where('pk', '=', p.pk),
      );
      const neighbour = await world.accept();
      const [failed, kept] = await Promise.allSettled([
        world.database.write([
          rename.bind({ pk, text: 'written' }),
          exactlyOne(rename.bind({ pk: 'nobody', text: 'written' }), 'conflict'),
        ]),
        world.database.write([exactlyOne(rename.bind({ pk: neighbour, text: 'kept' }), 'conflict')]),
      ]);
      expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'conflict' } });
      expect(kept.status).toBe('fulfilled');
      expect((await world.message(pk)).last_error).toBeNull();
      expect((await world.message(neighbour)).last_error).toBe('kept');
    });

    test('a guard that touches two rows undoes its unit', async () => {
      await using world = await createWorld(open);
      await Promise.all([world.accept(), world.accept()]);
      const all = world.database.prepare<object>((k) => k.updateTable('messages').set({ last_error: 'written' }));
      await expect(world.database.write([exactlyOne(all.bind({}), 'conflict')])).rejects.toMatchObject({
        code: 'conflict',
      });
      expect((await world.messages()).map(({ last_error }) => last_error)).toEqual([null, null]);
    });

    test('a thousand writes of one turn share a handful of commits', async () => {
      await using world = await createWorld(open);
      const before = world.database.stats;
      const numbers = await Promise.all(Array.from({ length: 1_000 }, () => world.sessions.start('test', 0)));
      const after = world.database.stats;
      expect(after.units - before.units).toBe(1_000);
      expect(after.commits - before.commits).toBeLessThanOrEqual(5);
      expect(new Set(numbers).size).toBe(1_000);
    });

    test('what the promises of one turn bring about is written behind its cause, in the same commit', async () => {
      await using world = await createWorld(open);
      const before = world.database.stats;
      const first = world.sessions.start('test', 0);
      for (let promises = 0; promises < 50; promises++) await null;
      const second = await world.sessions.start('test', 0);
      expect(second).toBeGreaterThan(await first);
      expect(world.database.stats.commits - before.commits).toBe(1);
    });

    test('a read sees what was written before it', async () => {
      await using world = await createWorld(open);
      for (let round = 0; round < 20; round++) {
        const pk = await world.accept();
        expect((await world.message(pk)).pk).toBe(pk);
      }
    });

    test('a write after dispose rejects, and so does a read', async () => {
      await using world = await createWorld(open);
      const statement = world.database.prepare<object>((k) => k.updateTable('messages').set({ last_error: null }));
      const select = world.database.prepare<object>((k) => k.selectFrom('messages').select('pk'));
      await world.database[Symbol.asyncDispose]();
      await expect(world.database.write([statement.bind({})])).rejects.toMatchObject({ code: 'database_unavailable' });
      await expect(world.database.read(select.bind({}))).rejects.toMatchObject({ code: 'database_unavailable' });
    });
  });
}
