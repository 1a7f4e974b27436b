// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, systemClock } from '@mail-proxy/core';
import { eventually } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { UNSIGNED_FOR_MS } from '../src/bounce/correlate.ts';
import { MAX_FORWARDED } from '../src/bounce/forwarded.ts';
import { UNMATCHED_DAYS } from '../src/bounce/unmatched.store.ts';
import { PRUNE_EVERY_MS } from '../src/prune-daily.ts';
import {
  bounced,
  complained,
  eventsUntil,
  leapingClock,
  type Made,
  openBounceWorld,
  other,
  recipient,
} from './bounce-world.case.ts';

const DOMAIN = 'bounce.example.com';
const THREE = ['ann@example.org', 'bob@example.org', 'eve@example.org'];

/** @param skip why there is no database to test on; empty where there is one */
export function bounceConformance(name: string, make: Made, skip = ''): void {
  describe.skipIf(skip !== '')(`bounces on ${name}${skip === '' ? '' : ` (skipped: ${skip})`}`, () => {
    test('without settings mail goes out as it is', async () => {
      await using world = await openBounceWorld(make);
      const [sent] = await world.send('m1');
      expect(sent).toMatchObject({ from: 'shop@example.com', envelopeId: null });
    });

    test('a bounce to the return path is an event of its message, and is reported', async () => {
      await using world = await openBounceWorld(make);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme', return_path_domain: DOMAIN });
      const [sent] = await world.send('m1');
      expect(sent?.from).toMatch(/^bounces\+[a-z2-7]{26}\.[a-z2-7]{16}@bounce\.example\.com$/);
      const received = await world.post(bounced({ addressedTo: ['postmaster@example.com', sent?.from ?? ''] }));
      expect(received).toMatchObject({
        kind: 'bounce',
        matched_by: 'return_path',
        unmatched: false,
        events: [{ recipient: 'ann@example.org', is_new: true, type: 'bounce' }],
      });
      expect(await world.eventsOf('m1')).toMatchObject([
        {
          ...{ type: 'bounce', bounce_type: 'hard', bounce_code: '5.1.1', bounce_reason: '550 5.1.1 user unknown' },
          feedback: { recipient: 'ann@example.org', address_dead: true },
        },
      ]);
      const events = await eventsUntil(world.engine, 'acme', ({ event }) => event === 'bounce');
      expect(events.at(-1)).toMatchObject({
        id: 'm1',
        bounce_type: 'hard',
        feedback: { reported_by: 'mx.example.org' },
      });
      const message = await world.engine.execute('messages.get', { message_id: 'm1', tenant_id: 'acme' });
      expect(message).toMatchObject({ result: 'sent', bounce_type: 'hard', bounce_code: '5.1.1' });
      expect((await world.engine.metricsText()).body).toMatch(/gmp_bounced_total\{tenant_id="acme".*\} 1/);
    });

    test('a tenant is made with its settings, which show at it', async () => {
      await using world = await openBounceWorld(make);
      const bounces = { return_path_domain: DOMAIN, per_recipient: true };
      const made = await world.engine.execute('tenants.create', { id: 'third', bounces });
      expect(made).toMatchObject({ id: 'third', bounces });
      expect(await world.engine.execute('bounces.settings', { tenant_id: 'third' })).toMatchObject(bounces);
      const cleared = await world.engine.execute('tenants.update', { tenant_id: 'third', bounces: null });
      expect(cleared).toMatchObject({ bounces: null });
      const wrong = { tenant_id: 'third', bounces: { per_recipient: true } };
      await expect(world.engine.execute('tenants.update', wrong)).rejects.toMatchObject({ code: 'invalid_input' });
    });

    test('a second copy of a bounce tells nothing new, a hard one after a soft one does', async () => {
      await using world = await openBounceWorld(make);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme' });
      const [sent] = await world.send('m1');
      const envelopeId = sent?.envelopeId ?? '';
      const soft = bounced({ envelopeId }, [
        recipient('ann@example.org', { permanence: 'temporary', status: '4.2.2' }),
      ]);
      const copies = await Promise.all([0, 1, 0].map((copy) => world.post(soft, { copy })));
      expect(copies.flatMap(({ events }) => events).filter(({ is_new }) => is_new)).toHaveLength(1);
      expect(copies.map(({ matched_by }) => matched_by)).toEqual(Array(3).fill('envelope_id'));
      await world.post(bounced({ envelopeId }));
      expect((await world.eventsOf('m1')).map(({ bounce_type }) => bounce_type)).toEqual(['soft', 'hard']);
    });

    test('with return paths of their own recipients are known by where it came to', async () => {
      await using world = await openBounceWorld(make);
      const settings = { return_path_domain: DOMAIN, per_recipient: true };
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme', ...settings });
      const sent = await world.send('m1', { to: THREE });
      expect(sent.map(({ to }) => to)).toEqual(THREE.map((address) => [address]));
      expect(new Set(sent.map(({ from }) => from)).size).toBe(3);
      // A server behind bob's forwards, and names an address that nobody here knows.
      await world.post(bounced({ addressedTo: [sent[1]?.from ?? ''] }, [recipient('b.builder@elsewhere.example')]));
      expect(await world.eventsOf('m1')).toMatchObject([{ feedback: { recipient: 'bob@example.org' } }]);
    });

    test('one event for each recipient that failed, none for one that is late', async () => {
      await using world = await openBounceWorld(make);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme' });
      const [sent] = await world.send('m1', { to: THREE });
      const mail = bounced({ envelopeId: sent?.envelopeId ?? '' }, [
        recipient('ANN@example.org'),
        recipient('b.builder@elsewhere.example', { originalAddress: 'bob@example.org' }),
        recipient('eve@example.org', { action: 'delayed' }),
      ]);
      expect((await world.post(mail)).events.map((event) => event.recipient)).toEqual([
        'ann@example.org',
        'bob@example.org',
      ]);
    });

    test('a delay, an automatic reply and a success leave nothing behind', async () => {
      await using world = await openBounceWorld(make);
      const [sent] = await world.send('m1');
      const original = { messageId: sent?.messageId ?? '' };
      const delay = {
        ...bounced(original, [recipient('ann@example.org', { action: 'delayed' })]),
        kind: 'delay',
      } as const;
      for (const mail of [delay, other('autoreply', original), other('success-dsn', original)]) {
        expect(await world.post(mail)).toEqual({ kind: mail.kind, matched_by: null, unmatched: false, events: [] });
      }
      expect(await world.eventsOf('m1')).toEqual([]);
      expect(await world.unmatched()).toEqual([]);
    });

    test('a complaint is an event of its own', async () => {
      await using world = await openBounceWorld(make);
      const [sent] = await world.send('m1');
      expect(await world.post(complained({ messageId: sent?.messageId ?? '' }))).toMatchObject({
        matched_by: 'message_id',
      });
      expect(await world.eventsOf('m1')).toMatchObject([
        { type: 'complaint', bounce_type: null, feedback: { recipient: 'ann@example.org' } },
      ]);
    });

    test('a dead address is not written to again, nor who complained; a second copy counts for nothing', async () => {
      await using world = await openBounceWorld(make);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme' });
      const [sent] = await world.send('m1', { to: THREE });
      const envelopeId = sent?.envelopeId ?? '';
      for (const copy of [0, 1]) await world.post(bounced({ envelopeId }), { copy });
      await world.post(complained({ envelopeId }, ['eve@example.org']));
      expect(await world.suppressed('acme')).toMatchObject([
        { address: 'ann@example.org', reason: 'hard_bounce' },
        { address: 'eve@example.org', reason: 'complaint' },
      ]);
      expect(await world.suppressed('other')).toEqual([]);
      // The others go on.
      const [next] = await world.send('m2', { to: THREE });
      expect(next?.to).toEqual(['bob@example.org']);
    });

    test('a full mailbox counts softly, a living address and a server that was away do not count', async () => {
      await using world = await openBounceWorld(make);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme' });
      await world.engine.execute('tenants.update', { tenant_id: 'acme', suppression: { soft: 2 } });
      const temporary = { permanence: 'temporary', addressDead: false } as const;
      const bounces = [
        recipient('ann@example.org', { ...temporary, reasonClass: 'mailbox_full', status: '4.2.2' }),
        recipient('bob@example.org', { ...temporary, reasonClass: 'network', status: '4.4.1' }),
        recipient('eve@example.org', { addressDead: false, reasonClass: 'spam', status: '5.7.1' }),
      ];
      for (const id of ['m1', 'm2']) {
        const [sent] = await world.send(id, { to: THREE });
        await world.post(bounced({ envelopeId: sent?.envelopeId ?? '' }, bounces));
      }
      expect(await world.suppressed('acme')).toMatchObject([{ address: 'ann@example.org', reason: 'soft_bounces' }]);
    });

    test('what only an id that anybody knows leads to counts where the tenant trusts that', async () => {
      await using world = await openBounceWorld(make);
      await world.send('m1');
      await world.send('m2', { to: ['bob@example.org'], message_id: '<order-2@shop.example.com>' });
      await world.post(bounced({ mailId: 'm1' }));
      await world.post(bounced({ messageId: '<order-2@shop.example.com>' }, [recipient('bob@example.org')]));
      expect(await world.suppressed('acme')).toEqual([]);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme', trust_unsigned_ids: true });
      await world.send('m3');
      await world.post(bounced({ mailId: 'm3' }));
      expect(await world.suppressed('acme')).toMatchObject([{ address: 'ann@example.org' }]);
    });

    test('a bounce of a forwarded address suppresses nobody', async () => {
      await using world = await openBounceWorld(make);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme' });
      const [sent] = await world.send('m1', { to: THREE });
      await world.post(bounced({ envelopeId: sent?.envelopeId ?? '' }, [recipient('b.builder@elsewhere.example')]));
      expect(await world.eventsOf('m1')).toMatchObject([{ feedback: { recipient: 'b.builder@elsewhere.example' } }]);
      expect(await world.suppressed('acme')).toEqual([]);
    });

    test('without anything signed the Message-ID finds the message, ours and one that the client chose', async () => {
      await using world = await openBounceWorld(make);
      const [ours] = await world.send('m1');
      await world.send('m2', { message_id: '<order-2@shop.example.com>' });
      expect(await world.post(bounced({ messageId: ours?.messageId ?? '' }))).toMatchObject({
        matched_by: 'message_id',
      });
      expect(await world.post(bounced({ messageId: '<order-2@shop.example.com>' }))).toMatchObject({
        events: [{ is_new: true }],
      });
      expect(await world.eventsOf('m2')).toHaveLength(1);
    });

    test('a Message-ID is no way to tell of others than those whom it went to, nor for more than two weeks', async () => {
      const clock = leapingClock();
      await using world = await openBounceWorld(make, clock);
      const [sent] = await world.send('m1', { to: THREE });
      const messageId = sent?.messageId ?? '';
      const foreign = recipient('b.builder@elsewhere.example');
      expect(await world.post(bounced({ messageId }, [foreign]))).toMatchObject({ unmatched: true });
      expect(await world.post(complained({ messageId }))).toMatchObject({ unmatched: true });
      // What is late of one is not what failed of another.
      const late = recipient('eve@example.org', { action: 'delayed' });
      expect(await world.post(bounced({ messageId }, [foreign, late]))).toMatchObject({ unmatched: true });
      expect((await world.post(bounced({ messageId }, [foreign, recipient('bob@example.org')]))).events).toMatchObject([
        { recipient: 'bob@example.org' },
      ]);
      expect(await world.suppressed('acme')).toMatchObject([{ address: 'bob@example.org' }]);
      clock.leap(UNSIGNED_FOR_MS);
      expect(await world.post(bounced({ messageId }))).toMatchObject({ unmatched: true });
      expect(await world.eventsOf('m1')).toHaveLength(1);
    });

    test('a Message-ID that a mail only answers suppresses nobody', async () => {
      await using world = await openBounceWorld(make);
      const [sent] = await world.send('m1');
      const original = { messageId: sent?.messageId ?? '', isAnswered: true };
      expect(await world.post(bounced(original))).toMatchObject({
        matched_by: 'message_id',
        events: [{ is_new: true }],
      });
      expect(await world.suppressed('acme')).toEqual([]);
    });

    test('of addresses that a message never had so many are told of, in however many mails they come', async () => {
      await using world = await openBounceWorld(make);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme' });
      const [sent] = await world.send('m1', { to: THREE });
      const original = { envelopeId: sent?.envelopeId ?? '' };
      const some = (from: number) =>
        Array.from({ length: MAX_FORWARDED - 5 }, (_, at) => recipient(`r${from + at}@elsewhere.example`));
      expect((await world.post(bounced(original, some(0)))).events).toHaveLength(MAX_FORWARDED - 5);
      const more = [...some(100), recipient('ann@example.org'), recipient('r0@elsewhere.example')];
      const { events } = await world.post(bounced(original, more));
      expect(events.filter(({ is_new }) => is_new).map((event) => event.recipient)).toEqual([
        ...some(100)
          .slice(0, 5)
          .map(({ address }) => address),
        'ann@example.org',
      ]);
      expect(await world.post(bounced(original, some(200)))).toMatchObject({ unmatched: true });
      expect(await world.eventsOf('m1')).toHaveLength(MAX_FORWARDED + 1);
    });

    test('the id header counts for one message to that recipient only, and not for others', async () => {
      await using world = await openBounceWorld(make);
      await world.send('m1');
      await world.send('m2');
      await world.send('m2', { tenantId: 'other' });
      expect(await world.post(bounced({ mailId: 'm1' }, [recipient('eve@example.org')]))).toMatchObject({
        unmatched: true,
      });
      expect(await world.post(bounced({ mailId: 'm1' }))).toMatchObject({ matched_by: 'mail_id' });
      // Which of both is meant nobody knows, but within a tenant it is clear.
      expect(await world.post(bounced({ mailId: 'm2' }), { tenantId: null })).toMatchObject({ unmatched: true });
      expect(await world.post(bounced({ mailId: 'm2' }))).toMatchObject({ matched_by: 'mail_id' });
      expect(await world.eventsOf('m2', 'other')).toEqual([]);
    });

    test('an id that many tenants use is found for each of them, and for nobody in particular counts for none', async () => {
      await using world = await openBounceWorld(make);
      const messageId = '<order-1@shop.example.com>';
      const tenants = Array.from({ length: 11 }, (_, at) => `shop${at}`);
      for (const tenantId of tenants) {
        await world.addTenant(tenantId);
        await world.send('1', { tenantId, message_id: messageId, to: [`${tenantId}@example.org`] });
      }
      for (const tenantId of tenants) {
        const about = [recipient(`${tenantId}@example.org`)];
        for (const original of [{ mailId: '1' }, { messageId }]) {
          // One of eleven: more are not looked at, so that one hit of ten proves nothing.
          expect(await world.post(bounced(original, about), { tenantId: null })).toMatchObject({ unmatched: true });
        }
        expect(await world.post(bounced({ mailId: '1' }, about), { tenantId })).toMatchObject({
          matched_by: 'mail_id',
        });
        expect(await world.post(bounced({ messageId }, about), { tenantId })).toMatchObject({
          matched_by: 'message_id',
          events: [{ is_new: false }],
        });
        expect(await world.eventsOf('1', tenantId)).toHaveLength(1);
      }
    });

    test('of a message that another tenant sent nothing is told, whatever names it', async () => {
      await using world = await openBounceWorld(make);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'other', return_path_domain: DOMAIN });
      const [sent] = await world.send('m1', { tenantId: 'other' });
      const { from = '', envelopeId = '', messageId = '' } = sent ?? {};
      const names = { addressedTo: [from], envelopeId, messageId, mailId: 'm1' };
      expect(await world.post(bounced(names))).toMatchObject({ unmatched: true, events: [] });
      expect(await world.eventsOf('m1', 'other')).toEqual([]);
      // The operator's own mailbox is for all of them.
      expect(await world.post(bounced(names), { tenantId: null })).toMatchObject({ events: [{ is_new: true }] });
    });

    test('what is unmatched goes after its days, though nothing more comes to its tenant', async () => {
      const leaping = leapingClock();
      let day = Promise.withResolvers<void>();
      const clock: Clock = {
        ...leaping,
        async sleep(ms, signal) {
          if (ms !== PRUNE_EVERY_MS || signal?.aborted) return systemClock.sleep(ms, signal);
          const aborted = Promise.withResolvers<void>();
          signal?.addEventListener('abort', () => aborted.resolve());
          await Promise.race([day.promise, aborted.promise]);
        },
      };
      const nextDay = (): void => {
        const { resolve } = day;
        day = Promise.withResolvers<void>();
        resolve();
      };
      await using world = await openBounceWorld(make, clock);
      await world.post(bounced({ mailId: 'old' }));
      leaping.leap((UNMATCHED_DAYS - 1) * PRUNE_EVERY_MS);
      await world.post(bounced({ mailId: 'new' }), { tenantId: 'other' });
      leaping.leap(2 * PRUNE_EVERY_MS);
      await eventually(async () => {
        nextDay();
        expect((await world.unmatched()).map(({ tenant_id }) => tenant_id)).toEqual(['other']);
      });
    });

    test('what is forged is no event, and is kept with what is unmatched, once, for its tenant', async () => {
      await using world = await openBounceWorld(make);
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme', return_path_domain: DOMAIN });
      const [sent] = await world.send('m1', { to: THREE });
      const forged = (sent?.from ?? '').replace(/.@/, (end) => (end === 'a@' ? 'b@' : 'a@'));
      const mail = bounced({ addressedTo: [forged], envelopeId: 'aaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa' });
      for (const _ of [1, 2]) expect(await world.post(mail)).toMatchObject({ unmatched: true, events: [] });
      expect(await world.eventsOf('m1')).toEqual([]);
      expect(await world.unmatched('acme')).toMatchObject([
        { tenant_id: 'acme', kind: 'bounce', why: 'no_message', recipients: [{ address: 'ann@example.org' }] },
      ]);
      expect(await world.unmatched('other')).toEqual([]);
      // Its message is known, but not who of the three is meant.
      await world.post({ ...bounced({ addressedTo: [sent?.from ?? ''] }), recipients: [] });
      expect((await world.unmatched()).map(({ why }) => why)).toEqual(['no_recipient', 'no_message']);
    });
  });
}
