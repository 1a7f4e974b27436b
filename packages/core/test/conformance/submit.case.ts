// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { listMessages } from '../../src/entities/message/list-messages.operations.ts';
import { createMessage, createMessages, getMessage } from '../../src/entities/message/message.operations.ts';
import { prepareInsertEvent } from '../../src/entities/message-event/message-event.store.ts';
import { MailProxyError } from '../../src/errors.ts';
import { type ControlWorld, createControlWorld } from './control-world.case.ts';
import type { OpenStore } from './store-world.case.ts';

const MAIL = { tenant_id: 'acme', from: 'us@example.com', to: ['ann@example.org', 'bob@example.org'], subject: 'Hi' };

export function submitConformance(open: OpenStore): void {
  describe('acceptance', () => {
    test('what the message does not say comes from its tenant, its account and the instance', async () => {
      await using world = await createControlWorld(open);
      await setTenant(world, { on_in_doubt: 'hold', retry: '{"max_age_seconds":3600}' });
      const { pk } = await world.run(createMessage, MAIL);
      expect(await world.message(String(pk))).toMatchObject({
        state: 'ready',
        on_in_doubt: 'hold',
        units: 2,
        expires_at: world.clock.now() + 3_600_000,
      });
    });

    test('a scheduled message has its whole age from the time at which it is due', async () => {
      await using world = await createControlWorld(open);
      const sendAt = world.clock.now() + 86_400_000;
      const { pk } = await world.run(createMessage, { ...MAIL, send_at: new Date(sendAt).toISOString() });
      expect(await world.message(String(pk))).toMatchObject({
        state: 'deferred',
        expires_at: sendAt + world.services.retry.maxAgeMs,
      });
    });

    test('what the message says itself stands', async () => {
      await using world = await createControlWorld(open);
      await setTenant(world, { on_in_doubt: 'hold', retry: null });
      const expires_at = world.clock.now() + 5_000;
      const { pk } = await world.run(createMessage, {
        ...MAIL,
        on_in_doubt: 'fail',
        expires_at: new Date(expires_at).toISOString(),
      });
      expect(await world.message(String(pk))).toMatchObject({ on_in_doubt: 'fail', expires_at });
    });

    test.each(['\u0085', '\u2028', '\u2029', '\ud800', '\0'])(
      'an id, a batch code or a header value with %j is refused, and the field is named',
      async (character) => {
        await using world = await createControlWorld(open);
        const text = `a${character}b`;
        const wrong = [{ id: text }, { batch_code: text }, { account_id: text }, { headers: { 'X-Note': text } }];
        const pointers: unknown[] = [];
        for (const fields of wrong) {
          const refused = await world.run(createMessage, { ...MAIL, ...fields }).catch((error: unknown) => error);
          expect(refused).toMatchObject({ code: 'invalid_input' });
          // What was thrown is the error that was expected.
          pointers.push(...(refused as MailProxyError).problems.map(({ pointer }) => pointer));
        }
        expect(pointers).toEqual(['/id', '/batch_code', '/account_id', '/headers/X-Note']);
      },
    );

    test('a message into a suspended batch is answered as suspended', async () => {
      await using world = await createControlWorld(open);
      await world.services.batches.suspend({ tenantId: 'acme', batchCode: 'spring' }, world.clock.now());
      expect(await world.run(createMessage, { ...MAIL, batch_code: 'spring' })).toMatchObject({ state: 'suspended' });
    });

    test('the messages of a request are sent in its order, whichever was ready to be stored first', async () => {
      await using world = await createControlWorld(open);
      readyLastFirst(world, 3);
      const messages = ['1', '2', '3'].map((id) => ({ ...MAIL, id }));
      await world.run(createMessages, { messages });
      const stored = (await world.messages()).toSorted((a, b) => (a.pk < b.pk ? -1 : 1));
      expect(stored.map(({ id }) => id)).toEqual(['1', '2', '3']);
    });

    test('of messages of a request with one id the first has it, whichever was ready to be stored first', async () => {
      await using world = await createControlWorld(open);
      readyLastFirst(world, 3);
      const messages = ['first', 'second', 'third'].map((subject) => ({ ...MAIL, id: 'same', subject }));
      expect(await world.run(createMessages, { messages })).toMatchObject({
        results: [{ status: 'accepted' }, { code: 'duplicate_id' }, { code: 'duplicate_id' }],
      });
    });

    test('a batch is answered message by message: an id that is taken, in it or before it, refuses its own', async () => {
      await using world = await createControlWorld(open);
      await world.run(createMessage, { ...MAIL, id: 'before' });
      const messages = ['new', 'before', 'new', 'last'].map((id) => ({ ...MAIL, id }));
      expect(await world.run(createMessages, { messages })).toMatchObject({
        accepted: 2,
        rejected: 2,
        results: [
          { id: 'new', status: 'accepted' },
          { id: 'before', status: 'rejected', code: 'duplicate_id' },
          { id: 'new', status: 'rejected', code: 'duplicate_id' },
          { id: 'last', status: 'accepted' },
        ],
      });
      await expect(world.run(createMessage, { ...MAIL, id: 'before' })).rejects.toMatchObject({
        code: 'duplicate_id',
        message: 'the tenant has a message with the id before already',
      });
    });

    test('a batch of which a message finds no room to wait is refused as a whole, and comes again by its ids', async () => {
      await using world = await createControlWorld(open);
      const { accept } = world.services;
      world.services.accept = async (draft) => {
        if (draft.message.id === 'last') throw new MailProxyError('overloaded');
        return await accept(draft);
      };
      const messages = ['first', 'last'].map((id) => ({ ...MAIL, id, on_conflict: 'ignore' }));
      await expect(world.run(createMessages, { messages })).rejects.toMatchObject({ code: 'overloaded' });
      world.services.accept = accept;
      expect(await world.run(createMessages, { messages })).toMatchObject({ accepted: 2, rejected: 0 });
      expect(await world.run(listMessages, { tenant_id: 'acme' })).toMatchObject({ items: { length: 2 } });
    });

    test('a message that a mixin refuses is refused alone, with pointers into the request, and nothing of it is stored', async () => {
      await using world = await createControlWorld(open);
      const asked: unknown[] = [];
      world.services.accepting = async (message, mail) => {
        asked.push({ ...message, ...mail, header: mail.header() });
        return mail.to.length > 2 ? [{ field: 'to', message: 'expected at most two' }] : [];
      };
      const more = { cc: ['Eve <eve@example.org>'], bcc: ['ann@example.org'], return_path: '<>', text: 'Grüße' };
      const messages = [
        { ...MAIL, id: 'm1' },
        { ...MAIL, id: 'm2', ...more },
      ];
      const problems = [{ pointer: '/messages/1/to', message: 'expected at most two' }];
      const refused = { status: 'rejected', code: 'invalid_input', problems };
      const output = {
        accepted: 1,
        results: [
          { id: 'm1', status: 'accepted' },
          { id: 'm2', ...refused },
        ],
      };
      expect(await world.once(createMessages, { messages })).toMatchObject({ output });
      expect(await world.once(createMessages, { messages })).toMatchObject({ output, isReplayed: true });
      await expect(world.run(createMessage, { ...MAIL, id: 'm2', ...more })).rejects.toMatchObject({
        code: 'invalid_input',
        problems: [{ pointer: '/to' }],
      });
      expect((await world.messages()).map(({ id }) => id)).toEqual(['m1']);
      expect(asked).toHaveLength(3);
      expect(asked[1]).toEqual({
        ...{
          id: 'm2',
          tenantId: 'acme',
          accountPk: world.accountPk,
          returnPaths: [''],
          isComplete: false,
          minBytes: 7,
        },
        to: ['ann@example.org', 'bob@example.org', 'eve@example.org'],
        header: {
          ...{ from: ['us@example.com'], sender: [], to: ['ann@example.org', 'bob@example.org'] },
          ...{ cc: ['eve@example.org'], bcc: ['ann@example.org'], unreadable: [] },
        },
      });
    });

    test('a message whose id is taken is answered with the one that has it, though a mixin would refuse it by now', async () => {
      await using world = await createControlWorld(open);
      await world.run(createMessage, { ...MAIL, id: 'm1' });
      world.services.accepting = async () => [{ field: 'to', message: 'expected nobody' }];
      const others = ['reject', 'ignore', 'replace_if_pending'];
      const messages = others.map((on_conflict) => ({ ...MAIL, id: 'm1', on_conflict }));
      expect(await world.run(createMessages, { messages })).toMatchObject({
        results: [{ code: 'duplicate_id' }, { status: 'accepted', conflict: 'ignored' }, { code: 'invalid_input' }],
      });
    });

    test('a tenant that wants it so is refused over its limit, and told when to come back', async () => {
      await using world = await createControlWorld(open);
      world.reached = { until: world.clock.now() + 7_000, limit: 10, windowMs: 60_000, scope: 'tenant' };
      await world.run(createMessage, MAIL);
      await setTenant(world, { refuse_over_limit: 1 });
      await world.clock.advance(5_000);
      await expect(world.run(createMessage, MAIL)).rejects.toMatchObject({
        code: 'rate_limited',
        retryAfterMs: 2_000,
        extra: { limit: 10, scope: 'tenant', window_seconds: 60 },
      });
      expect(await world.run(createMessages, { messages: [MAIL] })).toMatchObject({
        accepted: 0,
        results: [{ status: 'rejected', code: 'rate_limited' }],
      });
      world.reached = null;
      expect(await world.run(createMessages, { messages: [MAIL] })).toMatchObject({ accepted: 1 });
    });
  });

  describe('reading', () => {
    test('a message shows its attempts, the transcript of the last, and what became of each recipient', async () => {
      await using world = await createControlWorld(open);
      const { pk } = await world.run(createMessage, MAIL);
      const message_pk = String(pk);
      const insert = prepareInsertEvent(world.database);
      const said = { address: 'ann@example.org', stage: 'rcpt', enhanced: null, reply: 'ok', code: 250 };
      const details = [
        { durationMs: 5, transcript: ['first'], recipients: [{ ...said, state: 'sent' }] },
        {
          durationMs: 7,
          transcript: ['second'],
          recipients: [
            { ...said, state: 'sent' },
            { ...said, state: 'pending', code: 451, reply: 'busy' },
          ],
        },
      ];
      await world.database.write([
        ...details.map((detail, index) =>
          insert.bind({
            pk: world.makePk(),
            tenant_id: 'acme',
            message_pk,
            account_pk: null,
            type: 'deferred',
            at: world.clock.now(),
            attempt: index + 1,
            detail: JSON.stringify(detail),
            seq: null,
          }),
        ),
        insert.bind({
          pk: world.makePk(),
          tenant_id: 'acme',
          message_pk,
          account_pk: null,
          type: 'held',
          at: world.clock.now(),
          attempt: 0,
          detail: '{}',
          seq: null,
        }),
      ]);
      await world.putRecipients(message_pk, ['sent', 'in_doubt']);
      expect(await world.run(getMessage, { message_id: message_pk })).toMatchObject({
        expires_at: new Date(world.clock.now() + world.services.retry.maxAgeMs).toISOString(),
        on_in_doubt: 'retry',
        recipients: [{ state: 'sent' }, { state: 'in_doubt', verdict: null }],
        history: [
          { attempt: 1, type: 'deferred', duration_ms: 5, code: 250, reply: 'ok', transcript: null },
          { attempt: 2, type: 'deferred', duration_ms: 7, code: 451, reply: 'busy', transcript: ['second'] },
        ],
        waiting_for: [],
      });
    });

    test('lists are narrowed by account, result, priority and the rest, and paged newest first', async () => {
      await using world = await createControlWorld(open);
      const second = await world.addAccount('acme', 'second');
      const first = [await world.accept({ priority: 1 }), await world.accept({ priority: 3, batch_code: 'a' })];
      const other = await world.accept({ account_pk: second, priority: 1 });
      const failed = await world.acceptAs('final', { result: 'failed' });
      const pksOf = async (input: object) => {
        const { items } = (await world.run(listMessages, input)) as { items: { pk: string }[] };
        return items.map(({ pk }) => pk);
      };
      expect(await pksOf({ account_id: 'second' })).toEqual([other]);
      expect(await pksOf({ account_id: second })).toEqual([other]);
      expect(await pksOf({ priority: '1' })).toEqual([other, first[0]]);
      expect(await pksOf({ priority: 'low' })).toEqual([first[1]]);
      expect(await pksOf({ result: 'failed' })).toEqual([failed]);
      expect(await pksOf({ state: 'ready', account_id: 'main' })).toEqual([first[1], first[0]]);
      expect(await pksOf({ batch_code: 'a', tenant_id: 'acme' })).toEqual([first[1]]);
      expect(await pksOf({ recipient: 'nobody@example.org' })).toEqual([]);
      const page = await world.run(listMessages, { limit: 2 });
      expect(await pksOf({ limit: 2, after: page['next'] })).toEqual([first[1], first[0]]);
    });

    test('the position counts the ready messages of the lane that go first', async () => {
      await using world = await createControlWorld(open);
      const second = await world.addAccount('acme', 'second');
      await world.accept({ account_pk: second });
      const low = await world.accept({ priority: 3 });
      const medium = [await world.accept(), await world.accept()];
      const immediate = await world.accept({ priority: 0 });
      await world.acceptAs('held', { priority: 0 });
      const { messages } = world.services;
      const positions = await Promise.all([immediate, ...medium, low].map((pk) => messages.position({ pk })));
      expect(positions).toEqual([0, 1, 2, 3]);
    });
  });
}

async function setTenant(
  { database, accounts }: ControlWorld,
  columns: { readonly on_in_doubt?: 'hold'; readonly retry?: string | null; readonly refuse_over_limit?: number },
): Promise<void> {
  await database.write([database.prepare<object>((k) => k.updateTable('tenants').set(columns)).bind({})]);
  // As the engine does after a change.
  accounts.forget();
}

/** Of so many messages of a request let the last be ready to be stored first, and the first last. */
function readyLastFirst({ services }: ControlWorld, count: number): void {
  const { room } = services;
  const others = Array.from({ length: count - 1 }, () => Promise.withResolvers<void>());
  const first = others.values();
  services.room = {
    limitsOf: (...of) => room.limitsOf(...of),
    async take(...what) {
      await first.next().value?.promise;
      const taken = await room.take(...what);
      others.pop()?.resolve();
      return taken;
    },
  };
}
