// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin } from '@mail-proxy/core';
import { eventually, Recording, startScriptedPeer, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { control, inMs } from './control-world.case.ts';
import {
  addAccount,
  type EngineWorld,
  eventsUntil,
  headerOf,
  historyUntil,
  mail,
  messageOf,
  openWorld,
  type ServedMail,
  serveMail,
} from './engine-world.case.ts';

/** What became of the final dot: the connection is cut, or nobody answers until the client gives up. */
type Fault = 'cut' | 'silence';

/** A relay that has the first message with each subject in full and does not say so, and takes all that follow. */
async function startDoubtfulRelay(fault: Fault = 'cut', onRcpt: (address: string) => string = () => '250 ok') {
  const bodies = new Recording<ServedMail>('message at the relay');
  const relay = await startScriptedPeer((client) =>
    serveMail(client, {
      onRcpt,
      async onMessage(served) {
        const subject = headerOf(served.body, 'Subject');
        const isFirst = !bodies.items.some(({ body }) => headerOf(body, 'Subject') === subject);
        bodies.add(served);
        if (!isFirst) return '250 queued';
        if (fault === 'silence') await client.hang();
        return null;
      },
    }),
  );
  return {
    port: relay.port,
    /** All that it has in full. */
    bodies: bodies.items,
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

const idsOf = (bodies: readonly ServedMail[]) => bodies.map(({ body }) => headerOf(body, 'Message-ID'));

describe.each(['cut', 'silence'] as const)('%s after the dot', (fault) => {
  const delivery = { dotMs: 200 };

  test('under retry: it is sent again with the same Message-ID, and both attempts are told', async () => {
    await using relay = await startDoubtfulRelay(fault);
    await using world = await openWorld({ delivery });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { on_in_doubt: 'retry' })]);
    expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([
      { event: 'deferred', attempt: 1, possible_duplicate: true, recipients: [{ state: 'pending', code: null }] },
      { event: 'sent', attempt: 2, possible_duplicate: false },
    ]);
    const { message_id } = await messageOf(world, 'm1');
    expect(idsOf(relay.bodies)).toEqual([message_id, message_id]);
    expect(new Set(relay.bodies.map(({ body }) => body)).size).toBe(1);
  });

  test('under hold: it waits for a decision, and confirm ends it without another attempt', async () => {
    await using relay = await startDoubtfulRelay(fault);
    await using world = await openWorld({ delivery });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { on_in_doubt: 'hold' })]);
    expect(await historyUntil(world, 'm1', 'in_doubt')).toMatchObject([
      { event: 'in_doubt', attempt: 1, possible_duplicate: true, recipients: [{ state: 'in_doubt' }] },
    ]);
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'in_doubt', waiting_for: [{ kind: 'in_doubt' }] });

    expect(await control(world, 'confirm', 'm1')).toMatchObject({ state: 'final', result: 'sent' });
    expect(await historyUntil(world, 'm1', 'confirmed')).toMatchObject([
      { event: 'in_doubt' },
      { event: 'confirmed', sent_ts: expect.any(Number), recipients: [{ state: 'sent' }] },
    ]);
    expect(await messageOf(world, 'm1')).toMatchObject({
      result: 'sent',
      last_error: null,
      recipients: [{ state: 'sent', attempts: 1 }],
      waiting_for: [],
    });
    await world.engine.submit([mail('m2', { on_in_doubt: 'retry' })]);
    await historyUntil(world, 'm2', 'sent');
    expect(relay.bodies.filter(({ body }) => headerOf(body, 'Subject') === 'm1')).toHaveLength(1);
  });

  test('under hold: retry sends it again at once with the same Message-ID', async () => {
    await using relay = await startDoubtfulRelay(fault);
    await using world = await openWorld({ delivery });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { on_in_doubt: 'hold' })]);
    await historyUntil(world, 'm1', 'in_doubt');
    expect(await control(world, 'retry', 'm1')).toMatchObject({ result: null });
    const history = await historyUntil(world, 'm1', 'sent');
    expect(history.map(({ event, attempt }) => [event, attempt])).toEqual([
      ['in_doubt', 1],
      ['retried', 0],
      ['sent', 2],
    ]);
    const { message_id } = await messageOf(world, 'm1');
    expect(idsOf(relay.bodies)).toEqual([message_id, message_id]);
  });

  test('under fail: it failed, says that the relay may have it, and only a retry by hand sends it again', async () => {
    await using relay = await startDoubtfulRelay(fault);
    await using world = await openWorld({ delivery });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { on_in_doubt: 'fail' })]);
    expect(await historyUntil(world, 'm1', 'error')).toMatchObject([
      { event: 'error', attempt: 1, possible_duplicate: true, error: expect.stringContaining('may have taken it') },
    ]);
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'final', result: 'failed', waiting_for: [] });
    expect(relay.bodies).toHaveLength(1);

    await control(world, 'retry', 'm1');
    await historyUntil(world, 'm1', 'sent');
    const { message_id, result } = await messageOf(world, 'm1');
    expect(result).toBe('sent');
    expect(idsOf(relay.bodies)).toEqual([message_id, message_id]);
  });
});

test.each([
  ['retry', 'deferred'],
  ['hold', 'in_doubt'],
  ['fail', 'error'],
] as const)(
  'who is suppressed after an attempt in doubt, under %s, is told to have perhaps been reached',
  async (on_in_doubt, first) => {
    await using relay = await startDoubtfulRelay();
    await using world = await openWorld({ retry: { baseMs: 600_000, maxDelayMs: 600_000 } });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { on_in_doubt })]);
    await historyUntil(world, 'm1', first);
    await world.engine.execute('suppressions.add', { address: 'one@example.org' });
    await control(world, 'retry', 'm1');
    const reply = expect.stringMatching(
      /^one@example\.org is on the suppression list since \S+Z: manual; an earlier attempt may have reached it$/,
    );
    await eventually(async () =>
      expect(await messageOf(world, 'm1')).toMatchObject({
        ...{ state: 'final', result: 'failed', attempts: 2 },
        recipients: [{ state: 'failed', stage: 'suppressed', reply }],
      }),
    );
    const events = await eventsUntil(world, ({ id, attempt }) => id === 'm1' && attempt === 2);
    expect(events.at(-1)).toMatchObject({ event: 'error', possible_duplicate: true, recipients: [{ reply }] });
    expect(relay.bodies).toHaveLength(1);
  },
);

test.each(['admitting', 'sending'] as const)(
  'what a mixin refuses for good after an attempt in doubt is told to have perhaps arrived (%s)',
  async (hook) => {
    const refusal = { admit: false, reason: 'not any more', permanence: 'permanent' } as const;
    const hooks = { [hook]: ({ attempt }: { readonly attempt: number }) => (attempt > 1 ? refusal : null) };
    const refusing = defineMixin({ id: 'refusing', contract: 1, setup: () => ({ hooks }) });
    await using relay = await startDoubtfulRelay();
    await using world = await openWorld({ mixins: [refusing] });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    const reply = 'not any more; an earlier attempt may have reached it';
    const told = (await historyUntil(world, 'm1', 'error')).at(-1);
    expect(told).toMatchObject({ possible_duplicate: true, recipients: [{ reply }] });
    expect(await messageOf(world, 'm1')).toMatchObject({ result: 'failed', recipients: [{ stage: 'admit', reply }] });
    expect(relay.bodies).toHaveLength(1);
  },
);

test('what is in doubt can be neither cancelled, held nor rescheduled, and what was confirmed not be retried', async () => {
  await using relay = await startDoubtfulRelay();
  await using world = await openWorld();
  await addAccount(world, relay);
  await world.engine.submit([mail('m1', { on_in_doubt: 'hold' })]);
  await historyUntil(world, 'm1', 'in_doubt');
  for (const action of ['cancel', 'hold', 'release']) {
    await expect(control(world, action, 'm1'), action).rejects.toMatchObject({
      code: 'conflict',
      extra: { state: 'in_doubt' },
    });
  }
  const rescheduling = control(world, 'reschedule', 'm1', { send_at: inMs(60_000) });
  await expect(rescheduling).rejects.toMatchObject({ code: 'conflict' });
  await control(world, 'confirm', 'm1');
  for (const action of ['retry', 'confirm', 'cancel']) {
    await expect(control(world, action, 'm1'), action).rejects.toMatchObject({
      code: 'conflict',
      extra: { state: 'final', result: 'sent' },
    });
  }
  expect(relay.bodies).toHaveLength(1);
});

describe('several recipients under hold, one refused, one put off, one in doubt', () => {
  const to = ['unknown@example.org', 'busy@example.org', 'good@example.org'];

  async function openDoubt() {
    const asked: string[] = [];
    const relay = await startDoubtfulRelay('cut', (address) => {
      asked.push(address);
      if (address.startsWith('unknown')) return '550 5.1.1 no such user';
      const isFirst = asked.filter((each) => each === address).length === 1;
      return address.startsWith('busy') && isFirst ? '451 4.2.1 busy' : '250 ok';
    });
    const world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { to, on_in_doubt: 'hold' })]);
    await historyUntil(world, 'm1', 'in_doubt');
    return {
      asked,
      world,
      async [Symbol.asyncDispose]() {
        await world[Symbol.asyncDispose]();
        await relay[Symbol.asyncDispose]();
      },
    };
  }

  const statesOf = async (world: EngineWorld) => (await messageOf(world, 'm1')).recipients.map(({ state }) => state);

  test('all wait for the decision; after confirm the one that was put off is sent', async () => {
    await using doubt = await openDoubt();
    const { world, asked } = doubt;
    expect(await statesOf(world)).toEqual(['failed', 'pending', 'in_doubt']);
    await control(world, 'confirm', 'm1');
    await historyUntil(world, 'm1', 'partially_sent');
    expect(await statesOf(world)).toEqual(['failed', 'sent', 'sent']);
    expect(asked).toEqual([...to, 'busy@example.org']);
  });

  test('after retry both that are open are sent, and the refused one is not asked again', async () => {
    await using doubt = await openDoubt();
    const { world, asked } = doubt;
    await control(world, 'retry', 'm1');
    await historyUntil(world, 'm1', 'partially_sent');
    expect(await statesOf(world)).toEqual(['failed', 'sent', 'sent']);
    expect(asked).toEqual([...to, 'busy@example.org', 'good@example.org']);
  });
});

test("the tenant's policy holds for a message that names none, from its acceptance on", async () => {
  await using relay = await startDoubtfulRelay();
  await using world = await openWorld();
  await addAccount(world, relay);
  await world.engine.execute('tenants.update', { tenant_id: 'default', on_in_doubt: 'hold' });
  await world.engine.submit([mail('m1'), mail('m2', { on_in_doubt: 'fail' })]);
  await historyUntil(world, 'm1', 'in_doubt');
  await historyUntil(world, 'm2', 'error');
});

test('a stop that cuts a relay which has the whole message leaves it in doubt, and the next engine does not send it', async () => {
  using dir = tempDir();
  const database = dir.file('mail.db');
  const arrived = Promise.withResolvers<void>();
  const subjects: (string | undefined)[] = [];
  await using relay = await startScriptedPeer((client, ordinal) =>
    serveMail(client, {
      async onMessage({ body }) {
        subjects.push(headerOf(body, 'Subject'));
        arrived.resolve();
        if (ordinal === 1) await client.hang();
        return '250 queued';
      },
    }),
  );
  {
    await using world = await openWorld({ database, delivery: { dotMs: 600_000 } });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { on_in_doubt: 'hold' })]);
    await arrived.promise;
    await world.engine.stop({ deadlineMs: 1 });
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'in_doubt', attempts: 1 });
  }
  await using world = await openWorld({ database });
  await world.engine.submit([mail('m2')]);
  await historyUntil(world, 'm2', 'sent');
  expect(await messageOf(world, 'm1')).toMatchObject({ state: 'in_doubt' });
  expect(subjects).toEqual(['m1', 'm2']);
  await control(world, 'confirm', 'm1');
  expect(await messageOf(world, 'm1')).toMatchObject({ result: 'sent' });
});
