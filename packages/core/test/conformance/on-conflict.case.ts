// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { createMessage, createMessages } from '../../src/entities/message/message.operations.ts';
import { parseStoredContent } from '../../src/entities/message/stored-content.ts';
import { reachOfAll } from '../../src/operations/principal.ts';
import { prepareClaim } from '../../src/queue/claim.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { type ControlWorld, createControlWorld } from './control-world.case.ts';
import type { OpenStore } from './store-world.case.ts';

const MAIL = {
  tenant_id: 'acme',
  id: 'one',
  from: 'us@example.com',
  to: ['ann@example.org', 'bob@example.org'],
  subject: 'old',
};
const NEW = { ...MAIL, to: ['cyd@example.org'], subject: 'new', on_conflict: 'replace_if_pending' };

export function onConflictConformance(open: OpenStore): void {
  describe('a message whose id is taken', () => {
    test('is refused with the state of the one that has it, and refused so by default', async () => {
      await using world = await createControlWorld(open);
      const { pk } = await world.run(createMessage, MAIL);
      for (const on_conflict of ['reject', undefined]) {
        await expect(world.run(createMessage, { ...MAIL, on_conflict })).rejects.toMatchObject({
          code: 'duplicate_id',
          extra: { state: 'ready' },
        });
      }
      await world.put(String(pk), { state: 'final', result: 'sent' });
      expect(await world.run(createMessages, { messages: [MAIL] })).toMatchObject({
        results: [{ status: 'rejected', code: 'duplicate_id', state: 'final', result: 'sent' }],
      });
    });

    test('is answered with the one that is there under ignore, and nothing changes', async () => {
      await using world = await createControlWorld(open);
      const first = await world.run(createMessage, MAIL);
      const before = await world.message(String(first['pk']));
      await world.addAccount('acme', 'second');
      await world.clock.advance(1_000);
      const again = { ...MAIL, account_id: 'second', subject: 'new', on_conflict: 'ignore' };
      expect(await world.run(createMessage, again)).toEqual({ ...first, conflict: 'ignored' });
      const { on_conflict, ...mail } = again;
      const batch = await world.run(createMessages, { on_conflict, messages: [mail, { ...mail, id: 'two' }] });
      expect(batch).toMatchObject({
        accepted: 2,
        results: [{ pk: first['pk'], conflict: 'ignored', state: 'ready' }, { id: 'two' }],
      });
      expect(await world.message(before.pk)).toEqual(before);
      expect(await said(world, before.pk)).toBe('old');
    });

    test.each(['ready', 'deferred', 'suspended', 'held', 'preparing'] as const)(
      'takes the place of one that is %s, which keeps its key and its history',
      async (state) => {
        await using world = await createControlWorld(open);
        const { pk } = await world.run(createMessage, { ...MAIL, batch_code: 'spring' });
        await world.put(String(pk), { state, eligible_at: world.clock.now() + 60_000, last_error: 'busy' });
        const spare = await world.addAccount('acme', 'second');
        await world.clock.advance(1_000);
        const answer = await world.run(createMessage, { ...NEW, account_id: 'second', priority: 'high' });
        const expected = state === 'held' ? 'held' : 'ready';
        expect(answer).toMatchObject({ pk, state: expected, conflict: 'replaced', account_id: 'second' });
        expect(await world.message(String(pk))).toMatchObject({
          state: expected,
          account_pk: spare,
          priority: 1,
          batch_code: null,
          units: 1,
          last_error: null,
          eligible_at: world.clock.now(),
        });
        expect(await said(world, String(pk))).toBe('new');
        expect((await world.recipients(String(pk))).map(({ address }) => address)).toEqual(['cyd@example.org']);
        expect((await world.events(String(pk))).map(({ type }) => type)).toEqual(['replaced']);
        expect(await world.messages()).toHaveLength(1);
      },
    );

    test('takes no place of one that is being sent, in doubt, done, or perhaps sent in part', async () => {
      await using world = await createControlWorld(open);
      const { pk } = await world.run(createMessage, MAIL);
      const one = String(pk);
      const refusal = async (): Promise<unknown> => world.run(createMessage, NEW).catch((error: unknown) => error);
      const session = await world.sessions.start('one', world.clock.now());
      await world.put(one, { state: 'leased', owner_session: session });
      expect(await refusal()).toMatchObject({ code: 'in_flight', extra: { state: 'leased' } });
      await world.put(one, { state: 'in_doubt', owner_session: null });
      expect(await refusal()).toMatchObject({ code: 'in_flight' });
      await world.put(one, { state: 'final', result: 'failed' });
      expect(await refusal()).toMatchObject({ code: 'duplicate_id', extra: { state: 'final', result: 'failed' } });
      await world.put(one, { state: 'deferred', result: null });
      await world.putRecipients(one, ['sent', 'pending']);
      expect(await refusal()).toMatchObject({ code: 'in_flight', extra: { state: 'deferred' } });
      await world.putRecipients(one, ['pending', 'pending']);
      await world.tell(one, 'deferred', { possibleDuplicate: true });
      expect(await refusal()).toMatchObject({ code: 'in_flight' });
      expect(await said(world, one)).toBe('old');
      expect(await world.recipients(one)).toHaveLength(2);
    });

    test('takes the place under a key as well, once', async () => {
      await using world = await createControlWorld(open);
      const { pk } = await world.run(createMessage, MAIL);
      const input = { messages: [NEW, { ...NEW, id: 'two' }] };
      const first = await world.once(createMessages, input);
      expect(first.output).toMatchObject({ results: [{ pk, conflict: 'replaced', state: 'ready' }, { id: 'two' }] });
      expect(await world.once(createMessages, input)).toEqual({ output: first.output, isReplayed: true });
      expect(await said(world, String(pk))).toBe('new');
      expect(await world.events(String(pk))).toHaveLength(1);
    });

    test('with a file to fetch waits for it, and without one again does not', async () => {
      await using world = await createControlWorld(open);
      const { pk } = await world.run(createMessage, MAIL);
      const attachments = [{ filename: 'a.txt', storage_path: 'https://files.example.org/a.txt' }];
      expect(await world.run(createMessage, { ...NEW, attachments })).toMatchObject({ pk, state: 'preparing' });
      expect(await world.run(createMessage, NEW)).toMatchObject({ pk, state: 'ready', conflict: 'replaced' });
      expect(await world.message(String(pk))).toMatchObject({ unfetched: 0, fetch_attempts: 0 });
    });

    test('is sent as it was or as it became, by what was answered, whenever it is claimed', async () => {
      await using world = await createControlWorld(open);
      const database = await world.connect();
      const claim = prepareClaim(database);
      const session = await world.sessions.start('other', world.clock.now());
      const random = seededRandom(7);
      const lane = { accountPk: world.accountPk, tenantId: 'acme', quota: 2, limits: null };
      const ids = Array.from({ length: 60 }, (_, n) => `m${n}`);
      await world.run(createMessages, { messages: ids.map((id) => ({ ...MAIL, id })) });
      const claimed = new Map<string, string>();
      const claiming = async (): Promise<void> => {
        while (claimed.size < ids.length) {
          const [rows = []] = await claim([lane], { session, now: world.clock.now(), immediateOnly: false });
          // Nobody changes what a session holds, so this is what would be sent.
          for (const { id, pk } of rows) claimed.set(id, await said(world, pk));
          if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const answers = new Map<string, unknown>();
      const replacing = ids.toReversed().map(async (id) => {
        const answer = await world.run(createMessage, { ...NEW, id }).catch((error: unknown) => error);
        answers.set(id, Object(answer).conflict ?? Object(answer).code);
      });
      await Promise.all([claiming(), ...replacing]);
      for (const id of ids) {
        expect([id, answers.get(id)]).toEqual([id, claimed.get(id) === 'new' ? 'replaced' : 'in_flight']);
      }
    });
  });
}

async function said(world: ControlWorld, pk: string): Promise<string> {
  return parseStoredContent((await world.services.messages.content(reachOfAll(), pk)) ?? '').subject;
}
