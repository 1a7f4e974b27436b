// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { KeysInFlight } from '../../src/entities/message/keys-in-flight.ts';
import { createMessage, createMessages } from '../../src/entities/message/message.operations.ts';
import { isMailProxyError } from '../../src/errors.ts';
import { tenantPrincipal } from '../../src/operations/principal.ts';
import { createOnceStore } from '../../src/queue/accept-once.ts';
import { prepareReplace } from '../../src/queue/replace.ts';
import { createControlWorld } from './control-world.case.ts';
import { type OpenStore, STEP_MS } from './store-world.case.ts';

const MAIL = { tenant_id: 'acme', from: 'us@example.com', to: ['ann@example.org'], subject: 'Hi' };
const DAY_MS = 86_400_000;

export function onceConformance(open: OpenStore): void {
  describe('a request with a key', () => {
    test('is answered as before when it comes again, whatever became of its message, and queues nothing', async () => {
      await using world = await createControlWorld(open);
      const first = await world.once(createMessage, { ...MAIL, subject: 'Hi', text: 'a' });
      await world.put(String(first.output['pk']), { state: 'held' });
      const second = await world.once(createMessage, { text: 'a', ...MAIL, cc: [] });
      expect(second).toEqual({ output: first.output, isReplayed: true });
      expect(first.isReplayed).toBe(false);
      expect(await world.messages()).toHaveLength(1);
    });

    test('is refused where the key came with another body, or with another operation', async () => {
      await using world = await createControlWorld(open);
      await world.once(createMessage, MAIL);
      for (const [operation, input] of [
        [createMessage, { ...MAIL, subject: 'Ho' }],
        [createMessages, { tenant_id: 'acme', messages: [MAIL] }],
      ] as const) {
        await expect(world.once(operation, input)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
      }
      expect(await world.messages()).toHaveLength(1);
    });

    test('has the key to itself in its tenant: another tenant, and an operator who names none, have their own', async () => {
      await using world = await createControlWorld(open);
      await world.addTenant('other');
      await world.addAccount('other', 'main');
      await world.once(createMessage, MAIL);
      const { tenant_id: _, ...mail } = MAIL;
      const other = { principal: tenantPrincipal('other'), origin: 'test' };
      expect((await world.once(createMessage, mail, { caller: other })).output).toMatchObject({ tenant_id: 'other' });
      const all = await world.once(createMessages, { messages: [MAIL, { ...MAIL, tenant_id: 'other' }] });
      expect(all).toMatchObject({ isReplayed: false, output: { accepted: 2 } });
    });

    test('of a batch is answered item by item as before, what was refused too', async () => {
      await using world = await createControlWorld(open);
      await world.services.batches.suspend({ tenantId: 'acme', batchCode: 'spring' }, world.clock.now());
      await world.run(createMessage, { ...MAIL, id: 'before' });
      const input = {
        messages: [
          { ...MAIL, id: 'a' },
          { ...MAIL, id: 'before' },
          { ...MAIL, id: 'before', on_conflict: 'ignore' },
          { ...MAIL, id: 'a' },
          { ...MAIL, id: 'b', account_id: 'none' },
          { ...MAIL, id: 'c', batch_code: 'spring' },
        ],
      };
      const first = await world.once(createMessages, input);
      expect(first.output).toMatchObject({
        accepted: 3,
        rejected: 3,
        results: [
          { id: 'a', status: 'accepted' },
          { id: 'before', code: 'duplicate_id', state: 'ready' },
          { id: 'before', status: 'accepted', conflict: 'ignored', state: 'ready' },
          { id: 'a', code: 'duplicate_id' },
          { id: 'b', code: 'unknown_account', problems: [{ pointer: '/messages/4/account_id' }] },
          { id: 'c', status: 'accepted' },
        ],
      });
      for (const { pk } of await world.messages()) await world.put(pk, { state: 'final', result: 'sent' });
      await world.addAccount('acme', 'none');
      expect(await world.once(createMessages, input)).toEqual({ output: first.output, isReplayed: true });
      expect(await world.messages()).toHaveLength(3);
    });

    test('that is refused leaves the key free', async () => {
      await using world = await createControlWorld(open);
      await expect(world.once(createMessage, { ...MAIL, to: ['none'] })).rejects.toMatchObject({
        code: 'invalid_input',
      });
      await expect(world.once(createMessage, { ...MAIL, account_id: 'none' })).rejects.toMatchObject({
        code: 'unknown_account',
      });
      expect(await world.once(createMessage, MAIL)).toMatchObject({ isReplayed: false, output: { state: 'ready' } });
    });

    test.each(['', ' ', 'a b', 'é', 'x'.repeat(256)])('%j is no key', async (key) => {
      await using world = await createControlWorld(open);
      await expect(world.once(createMessage, MAIL, { key })).rejects.toMatchObject({
        code: 'invalid_input',
        problems: [{ pointer: 'Idempotency-Key', message: 'expected 1 to 255 visible characters of ASCII' }],
      });
    });

    test('may use the key anew a day later, whether or not it was swept', async () => {
      await using world = await createControlWorld(open);
      await world.once(createMessage, MAIL, { key: 'one' });
      await world.once(createMessage, MAIL, { key: 'two' });
      await world.clock.advance(DAY_MS - 1);
      expect((await world.once(createMessage, MAIL, { key: 'one' })).isReplayed).toBe(true);
      const store = world.services.once;
      await world.clock.advance(1);
      expect(await store.find({ tenant_id: 'acme', key: 'two' }, world.clock.now())).toBeNull();
      expect((await world.once(createMessage, { ...MAIL, subject: 'Ho' }, { key: 'one' })).isReplayed).toBe(false);
      expect([await world.sweepKeys(10), await world.sweepKeys(10)]).toEqual([1, 0]);
      expect((await world.once(createMessage, { ...MAIL, subject: 'Ho' }, { key: 'one' })).isReplayed).toBe(true);
      expect((await world.once(createMessage, MAIL, { key: 'two' })).isReplayed).toBe(false);
    });

    test('that comes while the first is handled is told to come again', async () => {
      await using world = await createControlWorld(open);
      const gate = Promise.withResolvers<null>();
      world.services.limitGate = () => gate.promise;
      await world.refuseOverLimit();
      const first = world.once(createMessage, MAIL);
      await expect(world.once(createMessage, MAIL)).rejects.toMatchObject({
        code: 'idempotency_key_in_flight',
        retryAfterMs: 1_000,
      });
      gate.resolve(null);
      expect((await first).isReplayed).toBe(false);
      expect((await world.once(createMessage, MAIL)).isReplayed).toBe(true);
    });

    test('comes ten times at once to two engines, with each of forty keys: each message is stored once', async () => {
      await using world = await createControlWorld(open);
      const database = await world.connect();
      const replace = prepareReplace(database, STEP_MS);
      // Another process knows nothing of what this one handles.
      const others = {
        ...world.services,
        keysInFlight: new KeysInFlight(),
        once: createOnceStore(database, { replace, clock: world.clock, stepMs: STEP_MS }),
      };
      const keys = Array.from({ length: 40 }, (_, n) => `key-${n}`);
      const answers = await Promise.all(
        keys.flatMap((key) =>
          Array.from({ length: 10 }, async (_, client) => {
            const services = client % 2 === 0 ? world.services : others;
            for (;;) {
              try {
                return [key, (await world.once(createMessage, { ...MAIL, subject: key }, { key, services })).output];
              } catch (error) {
                if (!isMailProxyError(error, 'idempotency_key_in_flight')) throw error;
                // As a client that heeds Retry-After, but without its patience.
                await new Promise((resolve) => setImmediate(resolve));
              }
            }
          }),
        ),
      );
      expect(await world.messages()).toHaveLength(keys.length);
      const byKey = Map.groupBy(answers, ([key]) => key);
      expect([...byKey.values()].map((same) => new Set(same.map(([, output]) => JSON.stringify(output))).size)).toEqual(
        keys.map(() => 1),
      );
    });
  });
}
