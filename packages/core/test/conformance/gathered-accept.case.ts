// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { draftedFile } from '../../src/entities/message/drafted-file.case.ts';
import type { MessageDraft } from '../../src/entities/message/message-draft.ts';
import { prepareAccept } from '../../src/queue/accept.ts';
import { prepareBatchStatements } from '../../src/queue/batch-statements.ts';
import { prepareLoadAttachments } from '../../src/queue/load-attachments.ts';
import { createWorld, type OpenStore, STEP_MS, type World } from './store-world.case.ts';
import { countingStatements } from './watched-database.case.ts';

export function gatheredAcceptConformance(open: OpenStore): void {
  describe('messages accepted at once', () => {
    test('are written by one statement a table, however many they are', async () => {
      await using world = await createWorld(open);
      const watched = countingStatements(world.database);
      const accept = prepareAccept(watched.database, STEP_MS);
      const drafts = Array.from({ length: 100 }, () => world.draft({ to: ['ann@example.org', 'bob@example.org'] }));
      await Promise.all(drafts.map((draft) => accept({ ...draft, attachments: [file('a', [1])] })));
      expect(watched.statements()).toBe(6);
      expect(await world.messages()).toHaveLength(100);
      await accept(world.draft());
      expect(watched.statements()).toBe(6 + 3);
    });

    test('are all stored where they are too many for one unit', async () => {
      await using world = await createWorld(open);
      await Promise.all(Array.from({ length: 2_500 }, () => world.accept()));
      expect(await world.messages()).toHaveLength(2_500);
    });

    test('with one id between them or a stored one are refused alone, with all that belongs to them', async () => {
      await using world = await createWorld(open);
      await world.accept({ id: 'stored' });
      const accept = prepareAccept(world.database, STEP_MS);
      const drafts = ['first', 'twice', 'stored', 'twice', 'last'].map((id) => world.draft({ id }));
      const ends = await Promise.allSettled(
        drafts.map((draft) => accept({ ...draft, attachments: [file('a', [1, 2])] })),
      );
      const refused = { status: 'rejected', reason: { code: 'duplicate_id' } };
      const stored = { status: 'fulfilled', value: 'ready' };
      expect(ends).toMatchObject([stored, stored, refused, refused, stored]);
      expect((await world.messages()).map(({ id }) => id)).toEqual(['stored', 'first', 'twice', 'last']);
      expect((await world.messages())[2]?.pk).toBe(drafts[1]?.message.pk);
      for (const index of [2, 3]) {
        const pk = drafts[index]?.message.pk ?? '';
        expect([await world.recipients(pk), await files(world, pk), await contents(world, pk)]).toEqual([[], [], []]);
      }
    });

    test('are stored all but the one that the database refuses', async () => {
      await using world = await createWorld(open);
      const accept = prepareAccept(world.database, STEP_MS);
      const drafts = Array.from({ length: 10 }, (_, index) => world.draft(index === 4 ? { account_pk: 'nobody' } : {}));
      const ends = await Promise.allSettled(drafts.map((draft) => accept(draft)));
      expect(ends.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([4]);
      expect((await world.messages()).map(({ pk }) => pk)).toEqual(
        drafts.filter((_, index) => index !== 4).map(({ message }) => message.pk),
      );
      expect(await world.recipients(drafts[4]?.message.pk ?? '')).toEqual([]);
    });

    test('may have ten thousand recipients, or one', async () => {
      await using world = await createWorld(open);
      const to = Array.from({ length: 10_000 }, (_, index) => `reader-${index}@example.org`);
      const [many, one] = await Promise.all([world.accept({ to }), world.accept()]);
      expect((await world.recipients(many)).map(({ address }) => address)).toEqual(to);
      expect(await world.recipients(one)).toHaveLength(1);
    });

    test('keep the bytes of their attachments apart, of empty ones too', async () => {
      await using world = await createWorld(open);
      const accept = prepareAccept(world.database, STEP_MS);
      const attached = [[], [file('empty', [])], [file('a', [0, 1, 128, 255]), file('none', []), file('b', [7])]];
      const drafts = attached.map((attachments) => ({ ...world.draft(), attachments }));
      await Promise.all(drafts.map((draft) => accept(draft)));
      for (const [index, { message }] of drafts.entries()) {
        const given = attached[index]?.map(({ filename, content }) => [filename, [...(content?.bytes ?? [])]]);
        expect(await files(world, message.pk)).toEqual(given);
      }
    });

    test('keep an attachment without bytes that nothing else goes with', async () => {
      await using world = await createWorld(open);
      const draft = { ...world.draft(), attachments: [file('empty', [])] };
      await prepareAccept(world.database, STEP_MS)(draft);
      expect(await files(world, draft.message.pk)).toEqual([['empty', []]]);
    });

    test('keep their text, whatever characters it has', async () => {
      await using world = await createWorld(open);
      const accept = prepareAccept(world.database, STEP_MS);
      const texts = [
        '',
        '"quoted" \\ud800 \\',
        'naïve – 漢字 😀',
        'a\nb\tc',
        JSON.stringify({ nul: '\0', lone: '\ud800' }),
      ];
      const drafts = texts.map((content) => ({ ...world.draft({ id: `id ${content}` }), content }));
      await Promise.all(drafts.map((draft) => accept(draft)));
      expect(await Promise.all(drafts.map(({ message }) => contents(world, message.pk)))).toEqual(
        texts.map((t) => [t]),
      );
      expect((await world.messages()).map(({ id }) => id)).toEqual(texts.map((text) => `id ${text}`));
      const half = world.draft({ id: 'half a pair \ud83d' });
      await accept(half);
      expect((await world.message(half.message.pk)).id).toBe('half a pair \ufffd');
    });

    test('are parked or not, each by its own batch', async () => {
      await using world = await createWorld(open);
      const { suspend } = prepareBatchStatements(world.database, STEP_MS);
      await world.database.write([suspend.bind({ tenant_id: world.tenantId, batch_code: 'spring', now: 0 })]);
      const accept = prepareAccept(world.database, STEP_MS);
      const later = world.clock.now() + 1;
      const states = await Promise.all(
        [
          { batch_code: 'spring' },
          { batch_code: 'summer' },
          {},
          { batch_code: 'spring', eligible_at: later },
          { eligible_at: later },
        ].map((changes) => accept(world.draft(changes))),
      );
      expect(states).toEqual(['suspended', 'ready', 'ready', 'suspended', 'deferred']);
      expect((await world.messages()).map(({ state }) => state)).toEqual(states);
    });
  });
}

function file(filename: string, bytes: readonly number[]): MessageDraft['attachments'][number] {
  return draftedFile(filename, new Uint8Array(bytes));
}

async function files({ database }: World, pk: string): Promise<readonly (readonly [string, readonly number[]])[]> {
  const { attachments } = await prepareLoadAttachments(database)(pk);
  return attachments.map(({ filename, bytes }) => [filename, bytes instanceof Uint8Array ? [...bytes] : []] as const);
}

async function contents({ database }: World, pk: string): Promise<readonly string[]> {
  const stored = database.prepare<{ pk: string }, { content: string }>((k, p) =>
    k.selectFrom('message_contents').select('content').where('message_pk', '=', p.pk),
  );
  return (await database.read(stored.bind({ pk }))).map(({ content }) => content);
}
