// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startSmtpSink } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { REFUSED_DAYS } from '../src/pec/archive/prune-receipts.ts';
import { PRUNE_EVERY_MS } from '../src/prune-daily.ts';
import { eventsUntil, type Made } from './bounce-world.case.ts';
import {
  ANNA,
  BRUNO,
  CARLA,
  HOUR,
  MINUTE,
  openPecWorld,
  type PecClock,
  type PecWorld,
  pastStart,
  pecClock,
  provider,
  SENDER,
} from './pec-world.case.ts';

const recipients = [ANNA, BRUNO, { external: CARLA }];
const DAY = 24 * HOUR;

type Told = readonly [string | number | boolean | null | undefined, ...unknown[]];

/** Stages and recipients of what did not come in time. */
async function timeoutsOf(world: PecWorld, id = 'm1'): Promise<readonly Told[]> {
  const events = (await world.eventsOf(id)).filter(({ type }) => type === 'pec_timeout');
  return events.map(({ extra }) => [extra['stage'], extra['recipient'], extra['is_final']] as const);
}

/** Let a whole look pass: whoever is sent now is awaited by one that began after this. */
async function look(world: PecWorld, name: string): Promise<void> {
  for (const nth of ['a', 'b']) await world.send(`${name}-${nth}`, { tenantId: 'other' });
}

const told = (world: PecWorld, count: number, id?: string): Promise<readonly Told[]> =>
  world.until(async () => {
    const timeouts = await timeoutsOf(world, id);
    if (timeouts.length < count) throw new Error(`told: ${JSON.stringify(timeouts)}`);
    return timeouts;
  });

async function opened(
  make: Made,
): Promise<{ readonly world: PecWorld; readonly clock: PecClock; readonly reference: string }> {
  const clock = pecClock();
  const world = await openPecWorld(make, { clock });
  pastStart(clock);
  const { messageId: reference = '' } = await world.send('m1', { to: [ANNA, BRUNO, CARLA] });
  return { world, clock, reference };
}

/** Let a first attempt of `m2` fail for now, by the account as it is; the next one finds it changed. */
async function deferredOnce(world: PecWorld, change: object): Promise<void> {
  await using busy = await startSmtpSink({ onRcpt: () => ({ code: 450, text: '4.2.1 busy' }) });
  const account = { tenant_id: 'acme', account_id: 'pec' };
  await world.run('accounts.update', { ...account, port: busy.port });
  const mail = { id: 'm2', from: SENDER, to: [ANNA, CARLA], subject: 'm2', text: 'Salve.\n' };
  await world.engine.submit([mail], { tenantId: 'acme' });
  await eventsUntil(world.engine, 'acme', ({ id, event }) => id === 'm2' && event === 'deferred');
  await world.run('accounts.update', { ...account, port: world.sink.port, ...change });
}

const written = (reference: string, clock: PecClock) => ({ reference, sender: SENDER, recipients, at: clock.now() });

export interface TimersOptions {
  /** Why there is no database to test on. @defaultValue there is one */
  readonly skip?: string;
  /** @defaultValue the clock's */
  readonly isTimeOfServer?: boolean;
}

export function pecTimers(name: string, make: Made, { skip = '', isTimeOfServer = false }: TimersOptions = {}): void {
  describe.skipIf(skip !== '')(`waiting for receipts on ${name}${skip === '' ? '' : ` (skipped: ${skip})`}`, () => {
    test('what is not accepted within 30 minutes is told, once; an acceptance that comes late counts', async () => {
      const { world, clock, reference } = await opened(make);
      await using _ = world;
      clock.leap(29 * MINUTE);
      await look(world, 'early');
      expect(await timeoutsOf(world)).toEqual([]);
      clock.leap(2 * MINUTE);
      expect(await told(world, 1)).toEqual([['acceptance', null, false]]);
      expect(await world.status('m1')).toMatchObject({ acceptance_due_at: null, accepted_at: null });
      await look(world, 'late');
      expect(await timeoutsOf(world)).toHaveLength(1);
      await world.post(provider.receipt({ type: 'accettazione', ...written(reference, clock) }));
      expect((await world.eventsOf('m1')).map(({ type }) => type)).toEqual(['pec_timeout', 'pec_acceptance']);
      expect((await world.status('m1')).recipients[0]).toMatchObject({ state: 'accepted', awaits: 'delivery_notice' });
    });

    test('after the acceptance certified recipients are awaited for 12 and 24 hours, external ones never', async () => {
      const { world, clock, reference } = await opened(make);
      await using _ = world;
      await world.post(provider.receipt({ type: 'accettazione', ...written(reference, clock) }));
      clock.leap(11 * HOUR);
      await look(world, 'early');
      expect(await timeoutsOf(world)).toEqual([]);
      clock.leap(HOUR + MINUTE);
      const notices = [
        ['delivery_notice', ANNA, false],
        ['delivery_notice', BRUNO, false],
      ] as const;
      expect(await told(world, 2)).toEqual(notices);
      await world.post(provider.receipt({ type: 'avvenuta-consegna', recipient: ANNA, ...written(reference, clock) }));
      clock.leap(12 * HOUR);
      expect(await told(world, 3)).toEqual([...notices, ['delivery', BRUNO, true]]);
      await look(world, 'late');
      expect(await timeoutsOf(world)).toHaveLength(3);
      expect((await world.status('m1')).recipients).toMatchObject([
        { state: 'delivered', due_at: null },
        { state: 'accepted', due_at: null, awaits: null, timed_out_at: expect.any(String) },
        { state: 'external', due_at: null },
      ]);
      await world.post(provider.receipt({ type: 'avvenuta-consegna', recipient: BRUNO, ...written(reference, clock) }));
      expect((await world.status('m1')).recipients[1]).toMatchObject({ state: 'delivered' });
    });

    test('what is refused, and what failed for good, is not awaited', async () => {
      const { world, clock, reference } = await opened(make);
      await using _ = world;
      const { messageId: second = '' } = await world.send('m2', { to: [ANNA] });
      await world.post(provider.receipt({ type: 'non-accettazione', ...written(reference, clock) }));
      await world.post(provider.receipt({ type: 'accettazione', ...written(second, clock), recipients: [ANNA] }));
      const failed = { ...written(second, clock), recipients: [ANNA], recipient: ANNA };
      await world.post(provider.receipt({ type: 'errore-consegna', ...failed }));
      clock.leap(25 * HOUR);
      await look(world, 'late');
      expect([...(await timeoutsOf(world, 'm1')), ...(await timeoutsOf(world, 'm2'))]).toEqual([]);
    });

    test('of a message that was replaced between two attempts those are awaited to whom it went', async () => {
      const clock = pecClock();
      await using world = await openPecWorld(make, { clock });
      await deferredOnce(world, {});
      const { messageId: reference = '' } = await world.send('m2', { to: [BRUNO], on_conflict: 'replace_if_pending' });
      const sent = { address: BRUNO, state: 'sent' };
      expect((await world.status('m2')).recipients).toMatchObject([sent]);
      await world.post(provider.receipt({ type: 'avvenuta-consegna', recipient: BRUNO, ...written(reference, clock) }));
      expect((await world.status('m2')).recipients).toMatchObject([{ address: BRUNO, state: 'delivered' }]);
    });

    test('of one that went as ordinary mail after all nothing is awaited', async () => {
      const { world, clock } = await opened(make);
      await using _ = world;
      await deferredOnce(world, { pec: false });
      await world.send('m2', { to: [BRUNO], on_conflict: 'replace_if_pending' });
      await world.run('accounts.update', { tenant_id: 'acme', account_id: 'pec', pec: true });
      clock.leap(31 * MINUTE);
      expect(await told(world, 1)).toHaveLength(1);
      await look(world, 'late');
      expect(await timeoutsOf(world, 'm2')).toEqual([]);
    });

    test('a tenant has times of its own', async () => {
      const clock = pecClock();
      await using world = await openPecWorld(make, { clock, settings: { acceptance_timeout_minutes: 5 } });
      pastStart(clock);
      await world.send('m1');
      clock.leap(6 * MINUTE);
      expect(await told(world, 1)).toEqual([['acceptance', null, false]]);
      const wrong = { delivery_notice_hours: 24, delivery_timeout_hours: 24 };
      await expect(world.run('tenants.update', { tenant_id: 'acme', pec: wrong })).rejects.toMatchObject({
        code: 'invalid_input',
      });
    });

    test('of what ended while no engine ran each is told once, after mailboxes could be read', async () => {
      const clock = pecClock();
      const { database, drop } = await make();
      await using _gone = { [Symbol.asyncDispose]: drop };
      let reference = '';
      {
        await using world = await openPecWorld(make, { clock, database });
        ({ messageId: reference = '' } = await world.send('m1', { to: [ANNA, BRUNO, CARLA] }));
        await world.send('m2', { to: [ANNA] });
        await world.post(provider.receipt({ type: 'accettazione', ...written(reference, clock) }));
      }
      let away = 13 * HOUR;
      const leap = (at: 'closed' | 'open'): void => {
        // The time of PostgreSQL is the server's when an engine opens.
        if (isTimeOfServer) clock.leap(at === 'open' ? away : 0);
        else clock.leap(at === 'closed' ? away : 0);
      };
      leap('closed');
      {
        await using world = await openPecWorld(make, { clock, database, isAgain: true });
        await look(world, 'started');
        expect([...(await timeoutsOf(world)), ...(await timeoutsOf(world, 'm2'))]).toEqual([]);
        // What lay in the mailbox is read first.
        await world.post(
          provider.receipt({ type: 'avvenuta-consegna', recipient: ANNA, ...written(reference, clock) }),
        );
        leap('open');
        pastStart(clock);
        expect(await told(world, 1)).toEqual([['delivery_notice', BRUNO, false]]);
        expect(await told(world, 1, 'm2')).toEqual([['acceptance', null, false]]);
      }
      away = isTimeOfServer ? 25 * HOUR : 12 * HOUR;
      leap('closed');
      await using world = await openPecWorld(make, { clock, database, isAgain: true });
      leap('open');
      pastStart(clock);
      const both = [
        ['delivery_notice', BRUNO, false],
        ['delivery', BRUNO, true],
      ];
      expect(await told(world, 2)).toEqual(both);
      await look(world, 'again');
      expect(await timeoutsOf(world)).toEqual(both);
      expect(await timeoutsOf(world, 'm2')).toHaveLength(1);
    });

    // One process at a time has SQLite open.
    if (isTimeOfServer) {
      test('of two instances one tells, and the other once that is gone', async () => {
        const clock = pecClock();
        const { database, drop } = await make();
        await using _gone = { [Symbol.asyncDispose]: drop };
        const timeouts = async (world: PecWorld): Promise<number> => {
          const { body } = await world.engine.metricsText();
          return Number(/gmp_pec_timeouts_total\{.*\} (\d+)/.exec(body)?.[1] ?? 0);
        };
        await using second = await openPecWorld(make, { clock, database, config: { instanceName: 'second' } });
        {
          await using first = await openPecWorld(make, {
            ...{ clock, database, isAgain: true, config: { instanceName: 'first' } },
          });
          pastStart(clock);
          await first.send('m1');
          clock.leap(31 * MINUTE);
          expect(await told(first, 1)).toEqual([['acceptance', null, false]]);
          await look(first, 'after');
          expect(await timeoutsOf(first)).toHaveLength(1);
          expect((await timeouts(first)) + (await timeouts(second))).toBe(1);
          await first.send('m2');
        }
        clock.leap(31 * MINUTE);
        expect(await told(second, 1, 'm2')).toEqual([['acceptance', null, false]]);
        expect(await timeoutsOf(second)).toHaveLength(1);
      });
    }

    test('receipts are kept for 900 days or as the tenant wants, and what was refused for 90', async () => {
      const { world, clock, reference } = await opened(make);
      await using _ = world;
      const mail = provider.receipt({ type: 'accettazione', ...written(reference, clock) });
      const { receipt } = await world.post(mail);
      await world.post(provider.receipt({ type: 'accettazione', ...written(reference, clock), signedBy: null }));
      await world.post(provider.receipt({ type: 'accettazione', ...written('<other@x.example>', clock) }), 'other');
      await world.post(provider.receipt({ type: 'accettazione', ...written('<third@x.example>', clock) }), null);
      const left = async (): Promise<readonly (string | null)[]> =>
        (await world.receipts()).map(({ state, tenant_id }) => `${state} ${tenant_id}`);
      expect(await left()).toEqual(['unmatched null', 'unmatched other', 'refused acme', 'matched acme']);
      await world.run('tenants.update', { tenant_id: 'other', pec: { keep_days: 30 } });
      const after = async (days: number, expected: readonly string[]): Promise<void> => {
        clock.leap(days * DAY);
        await world.until(async () => expect(await left()).toEqual(expected));
      };
      await after(31, ['unmatched null', 'refused acme', 'matched acme']);
      await after(REFUSED_DAYS - 30, ['unmatched null', 'matched acme']);
      clock.leap(700 * DAY);
      expect((await world.download(receipt?.id ?? '', 'acme')).equals(mail)).toBe(true);
      await after(111, []);
      expect(PRUNE_EVERY_MS).toBe(DAY);
    });
  });
}
