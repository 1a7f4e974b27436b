// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { prepareExpire } from '../../src/queue/expire.ts';
import { createControlWorld } from './control-world.case.ts';
import type { OpenStore } from './store-world.case.ts';

const WAITING = ['preparing', 'ready', 'deferred', 'suspended', 'held', 'in_doubt'] as const;

export function expireConformance(open: OpenStore): void {
  describe('expiry', () => {
    test('whatever a message waits for, it is given up at its end, and not before', async () => {
      await using world = await createControlWorld(open);
      const expire = prepareExpire(world.database, world.makePk);
      const end = world.clock.now() + 1_000;
      const pks: string[] = [];
      for (const state of WAITING) pks.push(await world.acceptAs(state, { expires_at: end, last_error: 'rcpt: 450' }));
      await world.clock.advance(999);
      expect(await expire(world.clock.now(), 100)).toEqual([]);
      await world.clock.advance(1);
      const expired = await expire(world.clock.now(), 100);
      expect(expired.map(({ pk }) => pk).toSorted()).toEqual(pks.toSorted());
      for (const pk of pks) {
        expect(await world.message(pk)).toMatchObject({ state: 'final', result: 'expired', final_at: end, units: 0 });
        expect(await world.recipients(pk)).toMatchObject([{ state: 'expired' }]);
        const [event, ...more] = await world.events(pk);
        expect(more).toEqual([]);
        expect(event).toMatchObject({ type: 'expired', tenant_id: world.tenantId, attempt: 0 });
        expect(JSON.parse(event?.detail ?? '')).toMatchObject({
          reason: 'rcpt: 450',
          recipients: [{ address: 'ann@example.org', state: 'expired' }],
        });
      }
      expect(await expire(world.clock.now(), 100)).toEqual([]);
    });

    test('what a session holds is its own to judge', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.acceptAs('leased', { expires_at: world.clock.now() });
      expect(await prepareExpire(world.database, world.makePk)(world.clock.now(), 100)).toEqual([]);
      expect((await world.message(pk)).state).toBe('leased');
    });

    test('with a recipient that was served it is partially sent', async () => {
      await using world = await createControlWorld(open);
      const to = ['ann@example.org', 'bob@example.org', 'eve@example.org'];
      const pk = await world.acceptAs('deferred', { to, expires_at: world.clock.now() });
      await world.putRecipients(pk, ['sent', 'failed', 'pending']);
      await prepareExpire(world.database, world.makePk)(world.clock.now(), 100);
      expect(await world.message(pk)).toMatchObject({ state: 'final', result: 'partially_sent' });
      expect((await world.recipients(pk)).map(({ state }) => state)).toEqual(['sent', 'failed', 'expired']);
      expect(await world.events(pk)).toMatchObject([{ type: 'partially_sent' }]);
    });

    test.each([
      { states: ['sent', 'in_doubt', 'pending'] as const, type: 'partially_sent', possibleDuplicate: true },
      { states: ['failed', 'in_doubt', 'pending'] as const, type: 'expired', possibleDuplicate: true },
      { states: ['sent', 'failed', 'pending'] as const, type: 'partially_sent', possibleDuplicate: undefined },
    ])('of $states it is told whether one may have arrived', async ({ states, type, possibleDuplicate }) => {
      await using world = await createControlWorld(open);
      const to = ['ann@example.org', 'bob@example.org', 'eve@example.org'];
      const pk = await world.acceptAs('in_doubt', { to, expires_at: world.clock.now() });
      await world.putRecipients(pk, states);
      await prepareExpire(world.database, world.makePk)(world.clock.now(), 100);
      const [event] = await world.events(pk);
      expect(event?.type).toBe(type);
      expect(JSON.parse(event?.detail ?? '').possibleDuplicate).toBe(possibleDuplicate);
    });

    test('two instances that expire at once give each message up once, the oldest first', async () => {
      await using world = await createControlWorld(open);
      const other = await world.connect();
      const now = world.clock.now();
      const pks: string[] = [];
      for (let age = 0; age < 20; age++) pks.push(await world.acceptAs('ready', { expires_at: now - age }));
      const [first] = await prepareExpire(world.database, world.makePk)(now, 1);
      expect(first?.pk).toBe(pks.at(-1));
      const both = await Promise.all([
        prepareExpire(world.database, world.makePk)(now, 100),
        prepareExpire(other, world.makePk)(now, 100),
      ]);
      const expired = both.flat().map(({ pk }) => pk);
      expect(expired.toSorted()).toEqual(pks.slice(0, -1).toSorted());
      for (const pk of pks) expect(await world.events(pk)).toHaveLength(1);
    });
  });
}
