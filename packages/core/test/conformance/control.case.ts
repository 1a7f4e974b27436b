// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeMessage, RETRIED_RESULTS, STATES_OF } from '../../src/entities/message/change-message.ts';
import {
  cancelMessage,
  confirmMessage,
  holdMessage,
  releaseMessage,
  rescheduleMessage,
  retryMessage,
} from '../../src/entities/message/message-control.operations.ts';
import { CONTROL_ACTIONS } from '../../src/entities/message/message-control.types.ts';
import { MESSAGE_MOVES, MESSAGE_RESULTS, MESSAGE_STATES } from '../../src/entities/message/message-state.ts';
import { reachOfAll } from '../../src/operations/principal.ts';
import { createMessageControl } from '../../src/queue/control.ts';
import { rankOf } from '../../src/queue/rank.ts';
import { createControlWorld } from './control-world.case.ts';
import { type OpenStore, STEP_MS } from './store-world.case.ts';

const TWO = ['ann@example.org', 'bob@example.org'];
const DAY_MS = 86_400_000;

const OPERATIONS = {
  cancel: cancelMessage,
  hold: holdMessage,
  release: releaseMessage,
  retry: retryMessage,
  reschedule: rescheduleMessage,
  confirm: confirmMessage,
};

export function controlConformance(open: OpenStore): void {
  describe('control by hand', () => {
    const cells = CONTROL_ACTIONS.flatMap((action) =>
      MESSAGE_STATES.flatMap((state) =>
        (state === 'final' ? MESSAGE_RESULTS : [null]).map((result) => ({ action, state, result })),
      ),
    );

    test('each action does what the table of moves allows, and is a conflict elsewhere', async () => {
      await using world = await createControlWorld(open);
      for (const { action, state, result } of cells) {
        const pk = await world.acceptAs(state, { result, eligible_at: world.clock.now() });
        const before = [await world.message(pk), await world.recipients(pk), await world.events(pk)];
        const send_at = new Date(world.clock.now() + 60_000).toISOString();
        const ended = world.run(OPERATIONS[action], {
          message_id: pk,
          ...(action === 'reschedule' ? { send_at } : {}),
        });
        const allowed =
          STATES_OF[action].includes(state) &&
          (result === null || RETRIED_RESULTS.includes(result)) &&
          state !== 'leased';
        const cell = `${action} of ${state} ${result ?? ''}`;
        if (!allowed) {
          const code = state === 'leased' && STATES_OF[action].includes(state) ? 'in_flight' : 'conflict';
          await expect(ended, cell).rejects.toMatchObject({ code });
          const after = [await world.message(pk), await world.recipients(pk), await world.events(pk)];
          expect(after, cell).toEqual(before);
          continue;
        }
        const { state: next } = await ended;
        expect((await world.message(pk)).state, cell).toBe(next);
        if (next !== state)
          expect(
            MESSAGE_MOVES.some(([from, to]) => from === state && to === next),
            cell,
          ).toBe(true);
        expect((await world.events(pk)).length, cell).toBe(action === 'reschedule' ? 0 : 1);
      }
    });

    test('a conflict names the state that the message has', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.acceptAs('final', { result: 'sent' });
      await expect(world.run(retryMessage, { message_id: pk })).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('final (sent)'),
        extra: { state: 'final', result: 'sent' },
      });
    });

    test('a retried deferred message is due now, at the place of what is due now', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.acceptAs('deferred', { eligible_at: world.clock.now() + DAY_MS, attempts: 3 });
      await world.clock.advance(5_000);
      await world.run(retryMessage, { message_id: pk });
      const now = world.clock.now();
      expect(await world.message(pk)).toMatchObject({
        state: 'ready',
        eligible_at: now,
        rank: rankOf(now, 2, STEP_MS),
        attempts: 3,
      });
      expect(world.told).toMatchObject({ woken: [{ accountPk: world.accountPk }], tenants: [world.tenantId] });
    });

    test('a retried failed message serves the recipients that were not reached, with a new end', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.acceptAs('final', { result: 'partially_sent', to: [...TWO, 'eve@example.org'] });
      await world.putRecipients(pk, ['sent', 'failed', 'expired']);
      await world.run(retryMessage, { message_id: pk });
      expect(await world.message(pk)).toMatchObject({
        state: 'ready',
        result: null,
        final_at: null,
        units: 2,
        expires_at: world.clock.now() + world.services.retry.maxAgeMs,
      });
      expect((await world.recipients(pk)).map(({ state }) => state)).toEqual(['sent', 'pending', 'pending']);
      expect(await world.events(pk)).toMatchObject([{ type: 'retried' }]);
    });

    test('a retry of a deferred message leaves alone the recipients that failed for good', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.acceptAs('deferred', { to: TWO });
      await world.putRecipients(pk, ['failed', 'pending']);
      await world.run(retryMessage, { message_id: pk });
      expect((await world.recipients(pk)).map(({ state }) => state)).toEqual(['failed', 'pending']);
      expect((await world.message(pk)).units).toBe(1);
    });

    test('a message in doubt that is retried serves its doubtful recipients again', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.acceptAs('in_doubt', { to: TWO, handed_at: 1 });
      await world.putRecipients(pk, ['sent', 'in_doubt']);
      await world.run(retryMessage, { message_id: pk });
      expect(await world.message(pk)).toMatchObject({ state: 'ready', handed_at: null, units: 1 });
      expect((await world.recipients(pk)).map(({ state }) => state)).toEqual(['sent', 'pending']);
    });

    test.each(['deferred', 'in_doubt', 'final'] as const)(
      'one that is %s and retried has a fresh series of attempts for who was not served, and keeps its own count',
      async (state) => {
        await using world = await createControlWorld(open);
        const pk = await world.acceptAs(state, { to: TWO, attempts: 5, result: state === 'final' ? 'failed' : null });
        const unserved = { deferred: 'pending', in_doubt: 'in_doubt', final: 'failed' } as const;
        await world.putRecipients(pk, ['sent', unserved[state]], 5);
        await world.run(retryMessage, { message_id: pk });
        expect(await world.message(pk)).toMatchObject({ state: 'ready', attempts: 5, units: 1 });
        expect(await world.recipients(pk)).toMatchObject([
          { state: 'sent', attempts: 5 },
          { state: 'pending', attempts: 0 },
        ]);
      },
    );

    test.each([
      { recipients: ['in_doubt', 'sent'], dueIn: 0, ends: { state: 'final', result: 'sent', units: 0 } },
      { recipients: ['in_doubt', 'failed'], dueIn: 0, ends: { state: 'final', result: 'partially_sent', units: 0 } },
      { recipients: ['in_doubt', 'pending'], dueIn: 0, ends: { state: 'ready', result: null, units: 1 } },
      { recipients: ['in_doubt', 'pending'], dueIn: 60_000, ends: { state: 'deferred', result: null, units: 1 } },
    ] as const)('confirmed with $recipients it becomes $ends.state', async ({ recipients, dueIn, ends }) => {
      await using world = await createControlWorld(open);
      const now = world.clock.now();
      const pk = await world.acceptAs('in_doubt', { to: TWO, eligible_at: now + dueIn, last_error: 'dot: cut' });
      await world.putRecipients(pk, recipients);
      await world.run(confirmMessage, { message_id: pk });
      const message = await world.message(pk);
      expect(message).toMatchObject(ends);
      expect(message.final_at).toBe(ends.state === 'final' ? now : null);
      expect(message.last_error).toBe(ends.result === 'sent' ? null : 'dot: cut');
      expect((await world.recipients(pk)).map(({ state }) => state)).toEqual(['sent', recipients[1]]);
      const [event] = await world.events(pk);
      expect(event?.type).toBe('confirmed');
      expect(JSON.parse(event?.detail ?? '')).toMatchObject({ recipients: [{ address: TWO[0], state: 'sent' }] });
    });

    test('what is released goes on at its own time and place', async () => {
      await using world = await createControlWorld(open);
      const due = await world.accept();
      const later = await world.accept({ eligible_at: world.clock.now() + DAY_MS });
      const before = await world.message(due);
      for (const pk of [due, later]) await world.run(holdMessage, { message_id: pk });
      await world.clock.advance(1_000);
      for (const pk of [due, later]) await world.run(releaseMessage, { message_id: pk });
      expect(await world.message(due)).toMatchObject({ state: 'ready', rank: before.rank });
      expect(await world.message(later)).toMatchObject({ state: 'deferred', eligible_at: before.eligible_at + DAY_MS });
      expect((await world.events(due)).map(({ type }) => type)).toEqual(['held', 'released']);
    });

    test('cancelling what is left takes its pending recipients only', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.acceptAs('deferred', { to: TWO });
      await world.putRecipients(pk, ['sent', 'pending']);
      await world.run(cancelMessage, { message_id: pk });
      expect(await world.message(pk)).toMatchObject({ state: 'final', result: 'cancelled', units: 0 });
      expect((await world.recipients(pk)).map(({ state }) => state)).toEqual(['sent', 'cancelled']);
    });
  });

  describe('reschedule', () => {
    const at = (ms: number) => new Date(ms).toISOString();

    test('an end of the retry policy moves along, and one that the client set stays', async () => {
      await using world = await createControlWorld(open);
      const { clock, services } = world;
      const ours = await world.accept({ expires_at: clock.now() + services.retry.maxAgeMs });
      const theirs = await world.accept({ expires_at: clock.now() + DAY_MS });
      const sendAt = clock.now() + DAY_MS / 2;
      for (const pk of [ours, theirs]) await world.run(rescheduleMessage, { message_id: pk, send_at: at(sendAt) });
      expect(await world.message(ours)).toMatchObject({
        state: 'deferred',
        eligible_at: sendAt,
        expires_at: sendAt + services.retry.maxAgeMs,
      });
      expect(await world.message(theirs)).toMatchObject({ eligible_at: sendAt, expires_at: clock.now() + DAY_MS });
      expect(world.told.rescheduled).toBe(2);
    });

    test('a time after the end of the message is refused, unless a later end comes with it', async () => {
      await using world = await createControlWorld(open);
      const { clock } = world;
      const pk = await world.accept({ expires_at: clock.now() + 1_000 });
      const input = { message_id: pk, send_at: at(clock.now() + 1_000) };
      await expect(world.run(rescheduleMessage, input)).rejects.toMatchObject({
        code: 'invalid_input',
        problems: [{ pointer: '/send_at' }],
      });
      await world.run(rescheduleMessage, { ...input, expires_at: at(clock.now() + 2_000) });
      expect(await world.message(pk)).toMatchObject({ state: 'deferred', expires_at: clock.now() + 2_000 });
    });

    test('a time that is past means now, and gives no place before what waits already', async () => {
      await using world = await createControlWorld(open);
      await world.clock.advance(DAY_MS);
      const first = await world.accept();
      const pk = await world.accept({ eligible_at: world.clock.now() + DAY_MS });
      await world.run(rescheduleMessage, { message_id: pk, send_at: at(world.clock.now() - DAY_MS / 2) });
      expect((await world.claimAll()).pks).toEqual([first, pk]);
    });

    test.each(['suspended', 'held'] as const)('what is %s stays so', async (state) => {
      await using world = await createControlWorld(open);
      const pk = await world.acceptAs(state);
      await world.run(rescheduleMessage, { message_id: pk, send_at: at(world.clock.now() + DAY_MS) });
      expect(await world.message(pk)).toMatchObject({ state, eligible_at: world.clock.now() + DAY_MS });
    });
  });

  describe('cancel against claim', () => {
    test('of both, whatever their order, exactly one wins each message', async () => {
      await using world = await createControlWorld(open);
      const other = await world.connect();
      const control = createMessageControl(other, { makePk: world.makePk, stepMs: STEP_MS });
      const sessions = [
        await world.sessions.start('a', world.clock.now()),
        await world.sessions.start('b', world.clock.now()),
      ];
      await fc.assert(
        fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), async (order) => {
          const pks = await Promise.all(order.map(() => world.accept()));
          const rows = await Promise.all(pks.map((pk) => world.services.messages.find(reachOfAll(), pk)));
          const claims: Promise<readonly string[]>[] = [];
          const cancels = rows.map((row, index) => {
            const session = sessions[index % 2];
            if (order[index] && session !== undefined) claims.push(world.claim(session));
            return control.apply(row, { action: 'cancel' }, world.clock.now());
          });
          const claimed = (await Promise.all(claims)).flat();
          const cancelled = (await Promise.all(cancels)).flatMap((state, index) =>
            state === null ? [] : [pks[index]],
          );
          expect(new Set(claimed).size).toBe(claimed.length);
          expect(claimed.filter((pk) => cancelled.includes(pk))).toEqual([]);
          expect([...claimed, ...cancelled].toSorted()).toEqual(pks.toSorted());
          for (const pk of pks) {
            const { state, result } = await world.message(pk);
            expect([state, result]).toEqual(claimed.includes(pk) ? ['leased', null] : ['final', 'cancelled']);
          }
        }),
        { numRuns: 15 },
      );
    }, 60_000);

    test('what this engine holds and can still stop is cancelled', async () => {
      await using world = await createControlWorld(open);
      const session = world.services.session();
      const pk = await world.accept();
      await world.claim(session);
      world.flights.set(pk, session);
      await world.run(cancelMessage, { message_id: pk });
      expect(await world.message(pk)).toMatchObject({ state: 'final', result: 'cancelled', owner_session: null });
      expect(world.told.givenBack).toEqual([]);
    });

    test.each([
      ['hold', {}, 'held', 1],
      [
        'reschedule',
        { send_at: new Date(Date.UTC(2100, 0)).toISOString(), expires_at: new Date(Date.UTC(2101, 0)).toISOString() },
        'deferred',
        0,
      ],
      ['reschedule', { send_at: new Date(0).toISOString() }, 'ready', 0],
    ] as const)('what this engine holds and can still stop takes %s %o', async (action, fields, state, events) => {
      await using world = await createControlWorld(open);
      const session = world.services.session();
      const pk = await world.accept();
      await world.claim(session);
      world.flights.set(pk, session);
      await world.run(action === 'hold' ? holdMessage : rescheduleMessage, { message_id: pk, ...fields });
      expect(await world.message(pk)).toMatchObject({ state, owner_session: null, handed_at: null, attempts: 0 });
      expect(await world.events(pk)).toHaveLength(events);
      expect(world.told.woken).toHaveLength(state === 'ready' ? 1 : 0);
    });

    test.each([holdMessage, rescheduleMessage])('what reached MAIL is in flight for it: $name', async (operation) => {
      await using world = await createControlWorld(open);
      const pk = await world.accept();
      await world.claimAll();
      const fields = operation === holdMessage ? {} : { send_at: new Date(0).toISOString() };
      await expect(world.run(operation, { message_id: pk, ...fields })).rejects.toMatchObject({ code: 'in_flight' });
      expect(await world.message(pk)).toMatchObject({ state: 'leased' });
    });

    test('what reached MAIL, or another engine holds, is in flight and stays as it is', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.accept();
      await world.claimAll();
      const before = await world.message(pk);
      await expect(world.run(cancelMessage, { message_id: pk })).rejects.toMatchObject({ code: 'in_flight' });
      expect(await world.message(pk)).toEqual(before);
    });

    test("a flight that was stopped while its message moved on is nobody's to give back, and the message is looked at again", async () => {
      await using world = await createControlWorld(open);
      const pk = await world.accept();
      const { session } = await world.claimAll();
      // As if its session had been found dead, and its message rescued and claimed again, in that moment.
      world.flights.set(pk, session);
      const row = await world.services.messages.find(reachOfAll(), pk);
      expect(await changeMessage(world.services, reachOfAll(), row, { action: 'cancel' })).toMatchObject({
        ok: false,
        refusal: 'in_flight',
      });
      expect(world.told.givenBack).toEqual([]);
      expect(await world.message(pk)).toMatchObject({ state: 'leased', owner_session: session });
    });

    test('what was promoted since it was looked at is cancelled all the same', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.acceptAs('deferred');
      const row = await world.services.messages.find(reachOfAll(), pk);
      await world.put(pk, { state: 'ready' });
      expect(await changeMessage(world.services, reachOfAll(), row, { action: 'cancel' })).toEqual({
        ok: true,
        state: 'final',
      });
    });
  });
}
