// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError } from '@mail-proxy/core';
import { seededRandom } from '@mail-proxy/core/testing';
import { expect, test } from 'vitest';
import type { Random } from '../../src/clock.ts';
import { messageOutput } from '../../src/entities/message/message.schema.ts';
import { validate } from '../../src/operations/validate.ts';
import { ModelWorld } from './model-world.case.ts';

const SEEDS = process.env['GMP_MODEL_SEEDS']?.split(',').map(Number) ?? [1, 2, 3, 4];
const STEPS = Number(process.env['GMP_MODEL_STEPS'] ?? 60);
const BATCHES = ['spring', 'summer'];
const POLICIES = ['retry', 'hold', 'fail'] as const;

/** What the test knows of a message besides what the database says. */
interface Submitted {
  readonly id: string;
  readonly policy: (typeof POLICIES)[number];
  readonly to: readonly string[];
  /** The last step before a cancel was answered with yes. */
  cancelledAt: number | null;
  /** A person had it sent again. */
  retriedByHand: boolean;
}

class Run {
  readonly world: ModelWorld;
  readonly mails: Submitted[] = [];
  readonly #random: Random;

  constructor(world: ModelWorld, random: Random) {
    this.world = world;
    this.#random = random;
  }

  async step(): Promise<void> {
    this.world.steps += 1;
    const actions: readonly (() => Promise<unknown>)[] = [
      ...Array.from({ length: 10 }, () => () => this.#submit()),
      () => this.#cancel(),
      () => this.#cancelUnderWay(),
      () => this.#cancelUnderWay(),
      () => this.#holdUnderWay(),
      () => this.#holdUnderWay(),
      () => this.#onOne('hold'),
      () => this.#onOne('release'),
      () => this.#onOne('retry'),
      () => this.world.engine.execute(`batches.${this.#pick(['suspend', ...often('activate')])}`, this.#batch()),
      () => this.world.engine.execute(`tenants.${this.#pick(['suspend', ...often('activate')])}`, DEFAULT_TENANT),
      () => this.world.engine.execute(`instance.${this.#pick(['pause', ...often('resume')])}`, {}),
      async () => {
        this.world.relay.refusesPassword = this.#random() < 0.3;
        // New logins happen on new connections only.
        this.world.relay.cutAll();
      },
      () => this.world.kill(),
      () => this.world.kill(),
      () => this.world.restart(),
    ];
    await this.#pick(actions)();
    await this.world.pass(this.#pick([0, 0, 1, 1, 50, 50, 1_000, 1_000, 60_000, 600_000, 7_200_000]));
  }

  /** Take every obstacle away, and wait until all is over. */
  async finish(): Promise<void> {
    const { world } = this;
    world.relay.isKind = true;
    world.relay.refusesPassword = false;
    await world.engine.execute('instance.resume', {});
    await world.engine.execute('tenants.activate', DEFAULT_TENANT);
    for (const batch_code of BATCHES) {
      await world.engine.execute('batches.activate', { tenant_id: 'default', batch_code });
    }
    for (let round = 0; round < 2_000; round++) {
      const waiting = await this.#waiting();
      if (waiting.length === 0) return;
      for (const { id, state } of waiting) {
        world.steps += 1;
        if (state === 'held') await this.#tell(id, 'release');
        if (state === 'in_doubt') await this.#retry(id);
      }
      // Leaps bring retries near; between them, what is under way gets the time to end.
      await world.pass(round % 4 === 3 ? 600_000 : 100);
    }
    throw new Error(`these never ended: ${JSON.stringify(await this.#waiting(), null, 1)}`);
  }

  /** Hold the database against what the relay took. */
  async check(): Promise<void> {
    const { relay } = this.world;
    for (const mail of this.mails) {
      const view = await this.#view(mail.id);
      const events = await this.#events(mail.id);
      const takings = relay.takings.filter(({ mailId }) => mailId === mail.id);
      const isDoubtful = events.some(({ type, possible_duplicate }) => possible_duplicate || type === 'in_doubt');
      expect(view.state, mail.id).toBe('final');
      expect(view.waiting_for, mail.id).toEqual([]);
      for (const { address, state } of view.recipients) {
        const of = takings.filter(({ to }) => to.includes(address));
        const what = `${mail.id} ${mail.policy} ${address} ${state}: ${JSON.stringify({ of, events })}`;
        if (state === 'sent') expect(of.length, what).toBeGreaterThan(0);
        else expect(of.filter(({ answered }) => answered).length === 0 || isDoubtful, what).toBe(true);
        if (of.length > 1) {
          expect(isDoubtful || mail.retriedByHand, what).toBe(true);
          if (mail.policy !== 'retry') expect(mail.retriedByHand, what).toBe(true);
        }
      }
      if (mail.cancelledAt !== null) {
        expect(
          takings.filter(({ at }) => at > (mail.cancelledAt ?? 0)),
          `${mail.id} was cancelled`,
        ).toEqual([]);
      }
    }
    if (process.env['GMP_MODEL_PRINT'] !== undefined) await this.#print();
    const known = new Set(this.mails.map(({ id }) => id));
    expect(relay.takings.filter(({ mailId }) => !known.has(mailId))).toEqual([]);
  }

  /** What the run was made of, for whoever wonders whether it tried anything. */
  async #print(): Promise<void> {
    const count = (names: readonly string[]): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    };
    const views = await Promise.all(this.mails.map(({ id }) => this.#view(id)));
    const events = await Promise.all(this.mails.map(({ id }) => this.#events(id)));
    console.log({
      results: count(views.map(({ result }) => String(result))),
      events: count(
        events.flat().map(({ type, possible_duplicate }) => `${type}${possible_duplicate ? ' doubtful' : ''}`),
      ),
      takings: this.world.relay.takings.length,
      unanswered: this.world.relay.takings.filter(({ answered }) => !answered).length,
    });
  }

  /** Every message that is not finished says what it waits for. */
  async expectReasons(): Promise<void> {
    for (const { id, waiting_for, state } of await this.#waiting()) {
      expect(waiting_for.length, `${id} is ${state} and waits for nothing`).toBeGreaterThan(0);
    }
  }

  async #submit(): Promise<void> {
    const mails = Array.from(
      { length: this.#pick([1, 1, 3, 8]) },
      (): Submitted => ({
        id: `m${this.mails.length}-${Math.floor(this.#random() * 1e9)}`,
        policy: this.#pick(POLICIES),
        to: Array.from({ length: this.#pick([1, 1, 2, 3]) }, (_, index) => `r${index}@example.org`),
        cancelledAt: null,
        retriedByHand: false,
      }),
    );
    const batch_code = this.#pick([undefined, undefined, ...BATCHES]);
    const result = await this.world.engine.submit(
      mails.map(({ id, policy, to }) => ({
        id,
        from: 'shop@example.com',
        to: [...to],
        subject: id,
        text: 'Some text.\n',
        on_in_doubt: policy,
        priority: this.#pick([0, 1, 2, 3]),
        ...(batch_code === undefined ? {} : { batch_code }),
      })),
    );
    for (const [index, mail] of mails.entries()) {
      expect(result.results[index]).toMatchObject({ status: 'accepted' });
      this.mails.push(mail);
    }
  }

  async #cancel(mail: Submitted | undefined = this.#pick(this.mails)): Promise<void> {
    if (mail === undefined || !(await this.#tell(mail.id, 'cancel'))) return;
    mail.cancelledAt = this.world.steps;
    // What the relay takes from here on comes after the yes, though it be in the same step.
    this.world.steps += 1;
  }

  /** Cancel messages on their way to the relay, at whatever step of it they are. */
  async #cancelUnderWay(): Promise<void> {
    await this.#submit();
    await this.world.turns(this.#pick([10, 20, 30, 40, 60, 80]));
    for (const mail of this.mails.slice(-3)) await this.#cancel(mail);
  }

  /** Take messages away on their way to the relay, and let them go before their first claim has ended. */
  async #holdUnderWay(): Promise<void> {
    await this.#submit();
    await this.world.turns(this.#pick([10, 20, 30, 40, 60]));
    const mails = this.mails.slice(-3);
    for (const { id } of mails) await this.#tell(id, 'hold');
    await this.world.turns(this.#pick([0, 0, 5]));
    for (const { id } of mails) await this.#tell(id, 'release');
  }

  async #onOne(verb: 'hold' | 'release' | 'retry'): Promise<void> {
    const mail = this.#pick(this.mails);
    if (mail === undefined || mail.cancelledAt !== null) return;
    if (verb === 'retry') await this.#retry(mail.id);
    else await this.#tell(mail.id, verb);
  }

  async #retry(id: string): Promise<void> {
    const mail = this.mails.find((each) => each.id === id);
    if ((await this.#tell(id, 'retry')) && mail !== undefined) mail.retriedByHand = true;
  }

  /** @returns whether it was done; a message in another state says so */
  async #tell(id: string, verb: string): Promise<boolean> {
    try {
      await this.world.engine.execute(`messages.${verb}`, { tenant_id: 'default', message_id: id });
      return true;
    } catch (error) {
      if (isMailProxyError(error, 'conflict') || isMailProxyError(error, 'in_flight')) return false;
      throw error;
    }
  }

  async #waiting() {
    const views = await Promise.all(this.mails.map(({ id }) => this.#view(id)));
    return views.filter(({ state }) => state !== 'final');
  }

  async #view(id: string) {
    const found = await this.world.engine.execute('messages.get', { tenant_id: 'default', message_id: id });
    return validate(messageOutput, found);
  }

  async #events(id: string) {
    const found = await this.world.engine.execute('messages.events', { tenant_id: 'default', message_id: id });
    // the answer to messages.events
    return (found as { items: { type: string; possible_duplicate: boolean }[] }).items;
  }

  #batch() {
    return { tenant_id: 'default', batch_code: this.#pick(BATCHES) };
  }

  #pick<Item>(items: readonly Item[]): Item {
    // the index is below the length; of an empty list it is undefined, which callers look for
    return items[Math.floor(this.#random() * items.length)] as Item;
  }
}

/** What goes on must be likelier than what stops, or nothing moves. */
const often = (verb: string): readonly string[] => [verb, verb, verb];

const DEFAULT_TENANT = { tenant_id: 'default' };

test.each(SEEDS)(
  'after cuts, pauses, kills and commands at every step the database agrees with the relay (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    await using world = await ModelWorld.open(random);
    await world.engine.execute('accounts.create', {
      id: 'main',
      host: '127.0.0.1',
      port: world.port,
      tls: 'none',
      user: 'someone',
      password: 'secret',
      max_connections: 4,
    });
    const run = new Run(world, random);
    for (let step = 0; step < STEPS; step++) {
      await run.step();
      await run.expectReasons();
    }
    await run.finish();
    await run.check();
    expect(run.mails.length).toBeGreaterThan(10);
  },
  300_000,
);
