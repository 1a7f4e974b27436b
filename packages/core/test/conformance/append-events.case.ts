// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { createMessageStore } from '../../src/entities/message/message.store.ts';
import { prepareAppendEvents, type Written } from '../../src/entities/message-event/append-events.ts';
import { toEventOutput } from '../../src/entities/message-event/message-event.schema.ts';
import { createMessageEventStore } from '../../src/entities/message-event/message-event.store.ts';
import type { AppendedEvent, MixinEvents } from '../../src/mixin/events.ts';
import { reachOfAll } from '../../src/operations/principal.ts';
import { createWorld, type OpenStore, type World } from './store-world.case.ts';

const FEEDBACK = {
  recipient: 'ann@example.org',
  bounceType: 'hard',
  code: '5.1.1',
  status: '5.1.1',
  reasonClass: 'no_such_mailbox',
  permanence: 'permanent',
  addressDead: true,
  reportedBy: 'mx.example.org',
  feedbackType: null,
} as const;

interface Appender {
  readonly events: MixinEvents;
  readonly written: readonly Written[];
  /** Write one event; whether it was new. */
  append(event: AppendedEvent): Promise<boolean>;
}

function appenderOf(world: World, database = world.database): Appender {
  const written: Written[] = [];
  const { clock, makePk } = world;
  const events = prepareAppendEvents({ database, clock, makePk, onWritten: (each) => written.push(each) })(
    ['post_taken'],
    'post',
  );
  return {
    events,
    written,
    async append(event) {
      const { statements, committed } = events.append(event);
      await database.write(statements);
      return committed();
    },
  };
}

export function appendEventsConformance(open: OpenStore): void {
  describe('events of mixins', () => {
    test('a bounce is an event of the history, and shows at its message', async () => {
      await using world = await createWorld(open);
      const { append, written } = appenderOf(world);
      const messagePk = await world.accept();
      const { tenantId, accountPk, clock } = world;
      const said = { messagePk, tenantId, reason: 'user unknown', feedback: FEEDBACK } as const;
      expect(await append({ ...said, type: 'bounce' })).toBe(true);
      expect(written).toEqual([{ type: 'bounce', tenantId, accountPk }]);
      const [row] = await createMessageEventStore(world.database).listOfMessage(reachOfAll(), messagePk);
      expect(row && toEventOutput(row)).toMatchObject({
        type: 'bounce',
        attempt: 0,
        bounce_type: 'hard',
        bounce_code: '5.1.1',
        bounce_reason: 'user unknown',
        feedback: { recipient: 'ann@example.org', reason_class: 'no_such_mailbox', address_dead: true },
      });
      const bounces = await createMessageStore(world.database).bounces([messagePk]);
      expect(bounces.get(messagePk)).toMatchObject({ bounce_type: 'hard', reason: 'user unknown', at: clock.now() });
    });

    test('a hard bounce shows before a soft one, whichever came last', async () => {
      await using world = await createWorld(open);
      const { append } = appenderOf(world);
      const { tenantId } = world;
      const messagePk = await world.accept();
      for (const bounceType of ['soft', 'hard', 'soft'] as const) {
        const feedback = { ...FEEDBACK, bounceType };
        await append({ messagePk, tenantId, type: 'bounce', reason: bounceType, feedback });
        await world.clock.advance(1);
      }
      const bounces = await createMessageStore(world.database).bounces([messagePk]);
      expect(bounces.get(messagePk)).toMatchObject({ bounce_type: 'hard', reason: 'hard' });
    });

    test('an event with a key is written once, also by two instances at once', async () => {
      await using world = await createWorld(open);
      const { tenantId } = world;
      const messagePk = await world.accept();
      const event = { messagePk, tenantId, type: 'bounce', once: 'ann', feedback: FEEDBACK } as const;
      const appenders = [appenderOf(world), appenderOf(world, await world.connect())];
      const results = await Promise.all([...appenders, ...appenders].map(({ append }) => append(event)));
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(await world.events(messagePk)).toHaveLength(1);
      expect(await appenderOf(world).append({ ...event, once: 'bob' })).toBe(true);
      expect(await world.events(messagePk)).toHaveLength(2);
    });

    test('to a message of another tenant, or to none, nothing is added, and nothing fails', async () => {
      await using world = await createWorld(open);
      const { append } = appenderOf(world);
      await world.addTenant('other');
      const messagePk = await world.accept();
      const foreign = { tenantId: 'other', type: 'complaint', feedback: FEEDBACK } as const;
      expect(await append({ ...foreign, messagePk })).toBe(false);
      expect(await append({ ...foreign, messagePk: world.makePk() })).toBe(false);
      expect(await world.events(messagePk)).toEqual([]);
    });

    test('a mixin appends what it has listed, and what it says is shown', async () => {
      await using world = await createWorld(open);
      const { append, events } = appenderOf(world);
      const { tenantId } = world;
      const messagePk = await world.accept();
      expect(await append({ messagePk, tenantId, type: 'post_taken', extra: { stamp: 7, by: 'post' } })).toBe(true);
      const [row] = await createMessageEventStore(world.database).listOfMessage(reachOfAll(), messagePk);
      expect(row && toEventOutput(row)).toMatchObject({
        type: 'post_taken',
        bounce_type: null,
        feedback: null,
        extra: { stamp: 7, by: 'post' },
      });
      expect(() => events.append({ messagePk, tenantId, type: 'other_taken' })).toThrow('has not listed');
    });
  });
}
