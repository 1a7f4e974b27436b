// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Database } from '../src/database/database.ts';
import { openDatabase } from '../src/database/open.ts';
import { fileToFetch } from '../src/entities/message/drafted-file.case.ts';
import { MESSAGE_MOVES } from '../src/entities/message/message-state.ts';
import type { CoreSchema } from '../src/entities/schema.ts';
import { isMailProxyError } from '../src/errors.ts';
import { createAttachmentContents } from '../src/queue/attachment-contents.ts';
import { prepareCancel } from '../src/queue/cancel.ts';
import { prepareClaim } from '../src/queue/claim.ts';
import { createPreparing } from '../src/queue/preparing.ts';
import { preparePromotion } from '../src/queue/promote.ts';
import { prepareRelease } from '../src/queue/release.ts';
import { prepareSettle } from '../src/queue/settle.ts';
import { createWorld, STEP_MS, type World } from './conformance/store-world.case.ts';
import { type ModelMessage, QueueModel } from './queue-model.case.ts';

/** More than a run ever makes: what has a limit is never cut, since equal times are cut in no order. */
const ALL = 10_000;

// The size matters: by default a script has some ten commands, which hardly ever get to a second session.
test('the queue does what its model does, whatever the order of commands', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), async (script) => {
      await using world = await openWorld();
      await fc.asyncModelRun(async () => {
        const sessions = [await world.sessions.start('a', 0), await world.sessions.start('b', 0)];
        return { model: new QueueModel(sessions), real: queueOf(world) };
      }, script);
    }),
    // A run opens a database and writes some dozens of times.
    { numRuns: 60 },
  );
}, 120_000);

test('a move that is not declared is refused by the database of these tests', async () => {
  await using world = await openWorld();
  const pk = await world.accept();
  const move = world.database.prepare<{ state: 'final' | 'ready' | 'in_doubt' }>((k, p) =>
    k.updateTable('messages').set({ state: p.state }),
  );
  await expect(world.database.write([move.bind({ state: 'in_doubt' })])).rejects.toThrow('undeclared move');
  await world.database.write([move.bind({ state: 'final' })]);
  await expect(world.database.write([move.bind({ state: 'in_doubt' })])).rejects.toThrow('undeclared move');
  expect((await world.message(pk)).state).toBe('final');
});

async function openWorld(): Promise<World> {
  const world = await createWorld(async () => {
    const database = await openDatabase<unknown>(':memory:');
    return { database, connect: null, dispose: async () => database[Symbol.asyncDispose]() };
  });
  await refuseUndeclaredMoves(world.database);
  return world;
}

/** Make triggers from the table of moves, so that a move that is not in it fails. */
async function refuseUndeclaredMoves(database: Database<CoreSchema>): Promise<void> {
  const run = (text: string) =>
    database.write([database.prepare<object>((k) => ({ compile: () => sql.raw(text).compile(k) })).bind({})]);
  const list = (moves: readonly string[]) => moves.map((move) => `'${move}'`).join(', ');
  const first = MESSAGE_MOVES.flatMap(([from, to]) => (from === null ? [to] : []));
  const moves = MESSAGE_MOVES.flatMap(([from, to]) => (from === null ? [] : [`${from}>${to}`]));
  await run(`create trigger declared_moves before update of state on messages
    when old.state <> new.state and old.state || '>' || new.state not in (${list(moves)})
    begin select raise(abort, 'undeclared move'); end`);
  await run(`create trigger declared_starts before insert on messages when new.state not in (${list(first)})
    begin select raise(abort, 'undeclared start'); end`);
}

function queueOf(world: World) {
  const { database, makePk } = world;
  return {
    world,
    claim: prepareClaim(database),
    settle: prepareSettle(database, makePk),
    release: prepareRelease(database),
    cancel: prepareCancel(database, makePk),
    promotion: preparePromotion(database, STEP_MS),
    preparing: createPreparing(database),
    eventCounts: database.prepare<object, { message_pk: string; count: number }>((k) =>
      k
        .selectFrom('message_events')
        .select((eb) => ['message_pk', eb.fn.countAll<number>().as('count')])
        .groupBy('message_pk'),
    ),
  };
}
type Queue = ReturnType<typeof queueOf>;

type Step = (model: QueueModel, queue: Queue) => Promise<void>;

/** A command that runs on both, and then compares all there is. */
function command(name: string, step: Step): fc.AsyncCommand<QueueModel, Queue> {
  return {
    check: () => true,
    async run(model, queue) {
      await step(model, queue);
      await expectSame(model, queue);
      model.expectFairOrder();
    },
    toString: () => name,
  };
}

async function expectSame(model: QueueModel, { world, eventCounts }: Queue): Promise<void> {
  const rows = await world.messages();
  const events = new Map((await world.database.read(eventCounts.bind({}))).map((row) => [row.message_pk, row.count]));
  const stored = rows.map((row) => ({
    pk: row.pk,
    state: row.state,
    result: row.result,
    owner: row.owner_session,
    attempts: row.attempts,
    unfetched: row.unfetched,
    rank: row.rank,
    eligibleAt: row.eligible_at,
    events: events.get(row.pk) ?? 0,
  }));
  const expected = model.messages.map(
    ({ pk, state, result, owner, attempts, unfetched, rank, eligibleAt, events: count }) => ({
      pk,
      state,
      result,
      owner,
      attempts,
      unfetched,
      rank,
      eligibleAt,
      events: count,
    }),
  );
  expect(stored).toEqual(expected);
}

/** The nth of a list, counted around; undefined when it is empty. */
function nth<Item>(list: readonly Item[], n: number): Item | undefined {
  return list[n % Math.max(1, list.length)];
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'ok';
  } catch (error) {
    if (isMailProxyError(error)) return error.code;
    throw error;
  }
}

const accept = (priority: number, delayMs: number, files: number, asksMixins: boolean) =>
  command(
    `accept(priority ${priority}, in ${delayMs} ms, ${files} to fetch${asksMixins ? ', asks mixins' : ''})`,
    async (model, { world }) => {
      const now = world.clock.now();
      const attachments = Array.from({ length: files }, (_, index) => fileToFetch(`${index}`));
      const unfetched = files + (asksMixins ? 1 : 0);
      const pk = await world.accept({ priority, eligible_at: now + delayMs, attachments, unfetched });
      model.accept({ pk, priority, eligibleAt: now + delayMs, unfetched, asksMixins }, now);
    },
  );

const advance = (ms: number) => command(`advance(${ms} ms)`, (_, { world }) => world.clock.advance(ms));

const promote = () =>
  command('promote', async (model, { world, promotion }) => {
    const now = world.clock.now();
    expect(await promotion.promote(now, ALL)).toHaveLength(model.promote(now));
  });

const claim = (who: number, quota: number, immediateOnly: boolean) =>
  command(`claim(session ${who}, ${quota}${immediateOnly ? ', immediate only' : ''})`, async (model, queue) => {
    const { world } = queue;
    // Now and then by a session that is dead and does not know it.
    const session = nth([...model.sessions, ...model.sessions, ...model.dead], who);
    if (session === undefined) return;
    const held = new Set(model.messages.filter(({ state }) => state === 'leased').map(({ pk }) => pk));
    const options = { session, now: world.clock.now(), immediateOnly };
    const [lane = []] = await queue.claim(
      [{ accountPk: world.accountPk, tenantId: world.tenantId, quota, limits: null }],
      options,
    );
    expect(lane.filter(({ pk }) => held.has(pk))).toEqual([]);
    expect(lane.map(({ pk }) => pk)).toEqual(model.claim(session, quota, immediateOnly).map(({ pk }) => pk));
  });

const ENDS = {
  sent: { state: 'final', result: 'sent' },
  failed: { state: 'final', result: 'failed' },
  deferred: { state: 'deferred', result: null },
} as const;

const settle = (which: number, how: keyof typeof ENDS, isStranger: boolean) =>
  command(`settle(message ${which} as ${how}${isStranger ? ' by a stranger' : ''})`, async (model, queue) => {
    const message = nth(leased(model), which);
    if (message === undefined || message.owner === null) return;
    const { world } = queue;
    const session = isStranger ? 1_000_000 : message.owner;
    const { state, result } = ENDS[how];
    const retryAt = state === 'deferred' ? world.clock.now() + STEP_MS / 2 : null;
    const settlement = world.settlement(message.pk, session, {
      state,
      result,
      attempts: message.attempts + 1,
      eligibleAt: retryAt,
    });
    const mayWrite = model.settle(message, session, { state, result, eligibleAt: retryAt ?? message.eligibleAt });
    expect(await codeOf(queue.settle(settlement))).toBe(mayWrite ? 'ok' : 'lease_lost');
  });

const release = (which: number, isStranger: boolean) =>
  command(`release(message ${which}${isStranger ? ' by a stranger' : ''})`, async (model, queue) => {
    const message = nth(leased(model), which);
    if (message === undefined || message.owner === null) return;
    const session = isStranger ? 1_000_000 : message.owner;
    await queue.release([{ pk: message.pk, owner_session: session }], queue.world.clock.now());
    model.release(message, session);
  });

const take = (who: number, quota: number) =>
  command(`take(session ${who}, ${quota})`, async (model, { world, preparing }) => {
    const session = nth([...model.sessions, ...model.sessions, ...model.dead], who);
    if (session === undefined) return;
    const options = { session, now: world.clock.now() };
    const taken = await preparing.claim([{ tenantId: world.tenantId, quota }], options);
    expect(taken.map(({ pk }) => pk)).toEqual(model.take(session, quota).map(({ pk }) => pk));
  });

const pin = (which: number, isStranger: boolean) =>
  command(`pin(message ${which}${isStranger ? ' by a stranger' : ''})`, async (model, { world, preparing }) => {
    const message = nth(preparedNow(model), which);
    if (message === undefined || message.owner === null) return;
    const session = isStranger ? 1_000_000 : message.owner;
    const missing = missingOf(message);
    if (missing === 0) return;
    // The files of a message are fetched from the last to the first here.
    const fetched = { position: missing - 1, contentHash: await storedFile(world) };
    const pinning = preparing.pin({ pk: message.pk, owner_session: session }, fetched, world.clock.now());
    const { isOwner, isReady } = model.step(message, session);
    if (isOwner) expect(await pinning).toBe(isReady);
    else expect(await codeOf(pinning)).toBe('lease_lost');
  });

const finish = (which: number, isStranger: boolean) =>
  command(`finish(message ${which}${isStranger ? ' by a stranger' : ''})`, async (model, { world, preparing }) => {
    const message = nth(preparedNow(model), which);
    if (message === undefined || message.owner === null) return;
    const session = isStranger ? 1_000_000 : message.owner;
    const finishing = preparing.finish({ pk: message.pk, owner_session: session }, [], world.clock.now());
    // Not before all its files are there.
    const isOwner = missingOf(message) === 0 && model.step(message, session).isOwner;
    expect(await codeOf(finishing)).toBe(isOwner ? 'ok' : 'lease_lost');
  });

const putOff = (which: number, isStranger: boolean) =>
  command(`put off(message ${which}${isStranger ? ' by a stranger' : ''})`, async (model, queue) => {
    const message = nth(preparedNow(model), which);
    if (message === undefined || message.owner === null) return;
    const { world } = queue;
    const session = isStranger ? 1_000_000 : message.owner;
    const eligibleAt = world.clock.now() + STEP_MS / 2;
    const settlement = world.settlement(message.pk, session, {
      state: 'deferred',
      result: null,
      attempts: message.attempts,
      fetchAttempts: 1,
      eligibleAt,
    });
    const mayWrite = model.putOff(message, session, eligibleAt);
    expect(await codeOf(queue.settle(settlement))).toBe(mayWrite ? 'ok' : 'lease_lost');
  });

const cancel = (which: number) =>
  command(`cancel(message ${which})`, async (model, queue) => {
    const message = nth(model.messages, which);
    if (message === undefined) return;
    const { tenantId, clock } = queue.world;
    const outcome = await codeOf(queue.cancel({ pk: message.pk, tenantId }, clock.now()));
    expect(outcome).toBe(model.cancel(message) ? 'ok' : 'in_flight');
  });

const die = (who: number) =>
  command(`end(session ${who})`, async (model, { world }) => {
    const slot = who % model.sessions.length;
    const [ended] = model.sessions.splice(slot, 1, await world.sessions.start('again', world.clock.now()));
    if (ended === undefined) return;
    await world.sessions.end(ended, world.clock.now());
    model.dead.push(ended);
  });

const rescue = () =>
  command('rescue', async (model, { world }) => {
    const holders = new Set([...leased(model), ...preparedNow(model)].map(({ owner }) => owner));
    const found = await world.sessions.findDead(model.sessions[0] ?? 0, 0);
    expect(found.toSorted()).toEqual(model.dead.filter((session) => holders.has(session)).toSorted());
    for (const session of found) {
      const rescued = await world.sessions.rescue(session, { now: world.clock.now(), limit: ALL });
      const expected = model.rescue(session).map(({ pk }) => pk);
      expect(rescued.map(({ pk }) => pk).sort()).toEqual(expected.toSorted());
    }
  });

function leased(model: QueueModel): readonly ModelMessage[] {
  return model.messages.filter(({ state }) => state === 'leased');
}

function missingOf({ unfetched, asksMixins }: ModelMessage): number {
  return unfetched - (asksMixins ? 1 : 0);
}

function preparedNow(model: QueueModel): readonly ModelMessage[] {
  return model.messages.filter(({ state, owner }) => state === 'preparing' && owner !== null);
}

function storedFile({ database, tenantId, clock }: World): Promise<string> {
  const bytes = new Uint8Array([1, 2, 3]);
  const source = {
    sizeBytes: bytes.byteLength,
    sha256: 'f1',
    async *read() {
      yield bytes;
    },
  };
  return createAttachmentContents(database).store(tenantId, source, clock.now());
}

const index = fc.nat(20);
const acceptArb = fc
  .tuple(
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom(0, 0, 0, 1, STEP_MS / 2, 2 * STEP_MS),
    fc.constantFrom(0, 0, 1, 2),
    fc.constantFrom(false, false, true),
  )
  .map((each) => accept(...each));
const claimArb = fc
  .tuple(index, fc.integer({ min: 1, max: 6 }), fc.constantFrom(false, false, true))
  .map((each) => claim(...each));
const settleArb = fc
  .tuple(index, fc.constantFrom('sent', 'failed', 'deferred'), fc.constantFrom(false, false, false, true))
  .map((each) => settle(...each));

const pinArb = fc.tuple(index, fc.constantFrom(false, false, false, true)).map((each) => pin(...each));

/** Named more than once: more often. */
const commands = [
  acceptArb,
  acceptArb,
  acceptArb,
  claimArb,
  claimArb,
  settleArb,
  settleArb,
  fc.constantFrom(1, 1_000, STEP_MS / 2, STEP_MS, 2.5 * STEP_MS).map(advance),
  fc.constant(null).map(promote),
  fc.tuple(index, fc.boolean()).map((each) => release(...each)),
  fc.tuple(index, fc.integer({ min: 1, max: 6 })).map((each) => take(...each)),
  pinArb,
  pinArb,
  fc.tuple(index, fc.constantFrom(false, false, true)).map((each) => finish(...each)),
  fc.tuple(index, fc.boolean()).map((each) => putOff(...each)),
  index.map(cancel),
  index.map(die),
  fc.constant(null).map(rescue),
];
