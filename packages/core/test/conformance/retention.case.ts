// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { type RemovedCounts, RetentionKeeper } from '../../src/delivery/retention-keeper.ts';
import { filterOf } from '../../src/entities/command-log/command-log.schema.ts';
import { createCommandLogStore } from '../../src/entities/command-log/command-log.store.ts';
import { createMessage, createMessages, getMessage } from '../../src/entities/message/message.operations.ts';
import { messageControlOperations } from '../../src/entities/message/message-control.operations.ts';
import { createMessageEventStore } from '../../src/entities/message-event/message-event.store.ts';
import { createTrafficStore } from '../../src/entities/statistics/traffic.store.ts';
import { silentLog } from '../../src/observability/log.ts';
import { reachOfAll } from '../../src/operations/principal.ts';
import { createAttachmentContents } from '../../src/queue/attachment-contents.ts';
import { createRetentionSweep } from '../../src/queue/retention.ts';
import { createSequencer } from '../../src/queue/sequence-events.ts';
import { type ControlWorld, createControlWorld } from './control-world.case.ts';
import type { OpenStore } from './store-world.case.ts';

const DAY_MS = 86_400_000;
const MAIL = { tenant_id: 'acme', from: 'us@example.com', to: ['ann@example.org'], subject: 'Hi' };
const FILE = { filename: 'a.txt', storage_path: `base64:${Buffer.from('some text').toString('base64')}` };
const NONE = { content: 0, metadata: 0, events: 0, audit: 0, ids: 0, statistics: 0 };

export function retentionConformance(open: OpenStore): void {
  describe('what is too old', () => {
    test('is what was counted in each minute, after a week', async () => {
      await using world = await createRetentionWorld(open);
      const counts = { accepted: 1, sent: 1, failed: 0, deferred: 0, bounced: 0, reported: 0 };
      const at = world.clock.now();
      await createTrafficStore(world.database).write(1, [{ at, tenantId: 'acme', ...counts }]);
      await world.clock.advance(7 * DAY_MS);
      expect(await world.pass()).toEqual(NONE);
      await world.clock.advance(1);
      expect(await world.pass()).toEqual({ ...NONE, statistics: 1 });
      expect(await world.countOf('traffic_minutes')).toBe(0);
      expect(await world.countOf('tenant_traffic_minutes')).toBe(0);
    });

    test('is first what a message said, then the message, then its id', async () => {
      await using world = await createRetentionWorld(open);
      const { pk } = await world.run(createMessage, { ...MAIL, id: 'one', attachments: [FILE] });
      await world.sent(String(pk));
      await world.number();
      await world.clock.advance(30 * DAY_MS);
      expect(await world.pass()).toEqual(NONE);
      await world.clock.advance(1);
      expect(await world.pass()).toEqual({ ...NONE, content: 1 });
      expect(await world.run(getMessage, { message_id: 'one' })).toMatchObject({
        pk,
        state: 'final',
        result: 'sent',
        content_removed: true,
        from: null,
        subject: null,
        attachments: [],
        recipients: [{ address: 'ann@example.org' }],
      });
      expect(await world.countOf('attachment_contents')).toBe(1);
      expect(await world.contents.forget(world.clock.now(), 10)).toBe(1);
      await world.clock.advance(60 * DAY_MS);
      expect(await world.pass()).toEqual({ ...NONE, metadata: 1 });
      expect(await world.messages()).toEqual([]);
      for (const table of ['message_contents', 'message_recipients', 'message_events', 'attachment_chunks'] as const) {
        expect([table, await world.countOf(table)]).toEqual([table, 0]);
      }
      const again = { ...MAIL, id: 'one' };
      await world.clock.advance(89 * DAY_MS);
      await world.pass();
      expect(await world.run(createMessages, { messages: [again, { ...again, on_conflict: 'ignore' }] })).toMatchObject(
        {
          results: [
            { status: 'rejected', code: 'duplicate_id', state: 'final', result: 'sent' },
            { status: 'accepted', pk, conflict: 'ignored', state: 'final' },
          ],
        },
      );
      expect(await world.once(createMessages, { messages: [again] })).toMatchObject({ output: { rejected: 1 } });
      expect(await world.messages()).toEqual([]);
      await world.clock.advance(2 * DAY_MS);
      expect(await world.pass()).toEqual({ ...NONE, ids: 1 });
      expect(await world.run(createMessage, again)).toMatchObject({ state: 'ready' });
    });

    test('is kept for as long as its tenant says', async () => {
      await using world = await createRetentionWorld(open);
      await world.setRetention({ content: 'PT1H', metadata: null });
      const { pk } = await world.run(createMessage, MAIL);
      await world.sent(String(pk));
      await world.number();
      await world.clock.advance(3_600_001);
      expect(await world.pass()).toEqual({ ...NONE, content: 1 });
      await world.clock.advance(1_000 * DAY_MS);
      expect(await world.pass()).toEqual({ ...NONE, events: 1 });
      expect(await world.messages()).toHaveLength(1);
    });

    test('is never a message that is not final, and one that was retried counts from its new end', async () => {
      await using world = await createRetentionWorld(open);
      const states = ['preparing', 'ready', 'deferred', 'suspended', 'held', 'in_doubt', 'leased'] as const;
      for (const state of states) await world.acceptAs(state);
      const failed = await world.acceptAs('final', { result: 'failed', final_at: world.clock.now() });
      await world.clock.advance(29 * DAY_MS);
      await world.control('messages.retry', failed);
      await world.number();
      await world.clock.advance(DAY_MS * 365);
      expect(await world.pass()).toEqual({ ...NONE, events: 1 });
      expect(await world.messages()).toHaveLength(states.length + 1);
    });

    test('cannot be retried once what it said is gone', async () => {
      await using world = await createRetentionWorld(open);
      const failed = await world.acceptAs('final', { result: 'failed', final_at: world.clock.now() });
      await world.clock.advance(31 * DAY_MS);
      await world.pass();
      await expect(world.control('messages.retry', failed)).rejects.toMatchObject({ code: 'content_removed' });
      expect(await world.message(failed)).toMatchObject({ state: 'final', content_removed: 1 });
    });

    test('is no file that another message has', async () => {
      await using world = await createRetentionWorld(open);
      const [old, young] = [
        await world.run(createMessage, { ...MAIL, attachments: [FILE] }),
        await world.run(createMessage, { ...MAIL, attachments: [FILE] }),
      ];
      await world.sent(String(old['pk']));
      await world.clock.advance(31 * DAY_MS);
      expect(await world.pass()).toEqual({ ...NONE, content: 1 });
      expect(await world.contents.forget(world.clock.now(), 10)).toBe(0);
      expect(await world.services.messages.attachments(reachOfAll(), String(young['pk']))).toMatchObject([
        { size_bytes: 9 },
      ]);
    });

    test('is neither an event that the tenant has not acknowledged, nor the message of which it tells', async () => {
      await using world = await createRetentionWorld(open);
      await world.haveEndpoint();
      const told = String((await world.run(createMessage, MAIL))['pk']);
      await world.sent(told);
      await world.clock.advance(1_000);
      const untold = String((await world.run(createMessage, MAIL))['pk']);
      await world.sent(untold);
      await world.clock.advance(200 * DAY_MS);
      // Neither has a number yet.
      expect(await world.pass()).toEqual({ ...NONE, content: 2 });
      await world.acknowledge(1);
      expect(await world.pass()).toEqual({ ...NONE, metadata: 1 });
      expect((await world.messages()).map(({ pk }) => pk)).toEqual([untold]);
      expect(await world.events(untold)).toHaveLength(1);
      await world.acknowledge(2);
      expect(await world.pass()).toEqual({ ...NONE, metadata: 1 });
      expect(await world.countOf('message_events')).toBe(0);
    });

    test('is a line of the command log, by its tenant, of one that is gone and of none', async () => {
      await using world = await createRetentionWorld(open);
      await world.addTenant('other');
      await world.setRetention({ audit: 1 });
      const line = { operation: 'x', principal: 'p', origin: 'o', input: '{}', outcome: 'ok', requestId: null };
      for (const tenantId of ['acme', 'other', 'gone', null]) {
        await world.commandLog.append([{ ...line, tenantId, pk: world.makePk(), at: world.clock.now() }]);
      }
      const left = async (): Promise<unknown> =>
        (await world.commandLog.list(reachOfAll(), filterOf({}), { limit: 10 })).items.map(
          ({ tenant_id }) => tenant_id,
        );
      await world.clock.advance(2 * DAY_MS);
      expect(await world.pass()).toEqual({ ...NONE, audit: 1 });
      expect(await left()).toEqual([null, 'gone', 'other']);
      await world.clock.advance(365 * DAY_MS);
      expect(await world.pass()).toEqual({ ...NONE, audit: 3 });
      expect(await left()).toEqual([]);
    });

    test('goes in pieces of a hundred, with a pause after each, and a stop ends it between two', async () => {
      await using world = await createRetentionWorld(open);
      await world.run(createMessages, { messages: Array.from({ length: 250 }, () => MAIL) });
      for (const { pk } of await world.messages()) await world.sent(pk);
      await world.clock.advance(31 * DAY_MS);
      const stop = new AbortController();
      world.onRemoved = () => stop.abort();
      await world.pass(stop.signal);
      expect(await world.countOf('message_contents')).toBe(150);
      world.onRemoved = (kind, count) => world.pieces.push(`${kind} ${count}`);
      await world.pass();
      expect(world.pieces).toEqual(['content 100', 'content 50']);
    });
  });
}

interface RetentionWorld extends ControlWorld {
  readonly contents: ReturnType<typeof createAttachmentContents>;
  readonly commandLog: ReturnType<typeof createCommandLogStore>;
  readonly pieces: string[];
  onRemoved: (kind: string, count: number) => void;
  /** One pass; time goes on while it waits. */
  pass(signal?: AbortSignal): Promise<RemovedCounts>;
  /** Bring a message to its end, with an event. */
  sent(pk: string): Promise<void>;
  control(name: string, pk: string): Promise<unknown>;
  setRetention(retention: object): Promise<void>;
  haveEndpoint(): Promise<void>;
  /** Give all events their place in the sequence. */
  number(): Promise<void>;
  /** Number all events and acknowledge those up to this one. */
  acknowledge(seq: number): Promise<void>;
  countOf(table: CountedTable): Promise<number>;
}

type CountedTable =
  | 'message_contents'
  | 'message_recipients'
  | 'message_events'
  | 'attachment_contents'
  | 'attachment_chunks'
  | 'traffic_minutes'
  | 'tenant_traffic_minutes';

async function createRetentionWorld(open: OpenStore): Promise<RetentionWorld> {
  const world = await createControlWorld(open);
  const { database, clock } = world;
  const retain = database.prepare<{ retention: string }>((k, p) =>
    k.updateTable('tenants').set({ retention: p.retention }).where('id', '=', 'acme'),
  );
  const endpoint = database.prepare<object>((k) =>
    k.updateTable('tenants').set({ client_base_url: 'https://acme.example' }).where('id', '=', 'acme'),
  );
  const end = database.prepare<{ pk: string; now: number }>((k, p) =>
    k.updateTable('messages').set({ state: 'final', result: 'sent', final_at: p.now }).where('pk', '=', p.pk),
  );
  const sequencer = createSequencer(database);
  const events = createMessageEventStore(database);
  const self: RetentionWorld = {
    ...world,
    contents: createAttachmentContents(database),
    commandLog: createCommandLogStore(database),
    pieces: [],
    onRemoved: () => undefined,
    async pass(signal = new AbortController().signal) {
      let counts: RemovedCounts = NONE;
      const keeper = new RetentionKeeper({
        clock,
        log: silentLog,
        sweep: createRetentionSweep(database),
        forgetTraffic: createTrafficStore(database).forget,
        retention: { content: 30 * DAY_MS, metadata: 90 * DAY_MS, events: 90 * DAY_MS, audit: 365 * DAY_MS },
        idsMs: 90 * DAY_MS,
        intervalMs: 1_000,
        isEveryoneTold: false,
        takeTurn: async () => true,
        onRemoved: (kind, count) => self.onRemoved(kind, count),
        async onPassed(all) {
          counts = all;
        },
      });
      let isOver = false;
      const passing = keeper.pass(signal).finally(() => {
        isOver = true;
      });
      while (!isOver) {
        await new Promise((resolve) => setImmediate(resolve));
        // Pauses between pieces, and the time in which ends settle on PostgreSQL.
        if (clock.pendingTimers > 0) await clock.advance(60_000);
      }
      await passing;
      return counts;
    },
    async sent(pk) {
      await database.write([end.bind({ pk, now: clock.now() })]);
      await world.tell(pk, 'sent', {});
    },
    async control(name, pk) {
      return world.run(
        messageControlOperations.find((operation) => operation.name === name),
        { message_id: pk, tenant_id: 'acme' },
      );
    },
    async setRetention(retention) {
      await database.write([retain.bind({ retention: JSON.stringify(retention) })]);
    },
    async haveEndpoint() {
      await database.write([endpoint.bind({})]);
    },
    async number() {
      await sequencer.sequence('acme', 100);
    },
    async acknowledge(seq) {
      await self.number();
      const acknowledgement = { ackedSeq: seq, lastSyncAt: clock.now(), nextSyncAfter: null };
      await database.write([events.acknowledge('acme', acknowledgement)]);
    },
    async countOf(table) {
      const count = database.prepare<object, { n: number }>((k) =>
        k.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('n')),
      );
      return (await database.read(count.bind({})))[0]?.n ?? 0;
    },
  };
  return self;
}
