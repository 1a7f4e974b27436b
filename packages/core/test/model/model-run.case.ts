// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError, type MailEngine } from '@mail-proxy/core';
import { expect } from 'vitest';
import type { Random } from '../../src/clock.ts';
import { messageOutput } from '../../src/entities/message/message.schema.ts';
import { validate } from '../../src/operations/validate.ts';
import { pauseMs } from './life.case.ts';
import { ModelCheck } from './model-check.case.ts';
import { BATCHES, LANES, type Mail, POLICIES } from './model-mail.case.ts';
import { ModelOperator } from './model-operator.case.ts';
import { ModelWorld } from './model-world.case.ts';
import { pick, streamOf } from './streams.case.ts';

const PASSES_MS = [0, 3, 3, 20, 100, 500, 2_000, 5_000, 12_000, 30_000] as const;

/** One run: steps by chance, and after each of them the check. */
export class ModelRun implements Disposable {
  readonly world: ModelWorld;
  readonly mails: Mail[] = [];
  readonly #check: ModelCheck;
  readonly #random: Random;
  readonly #operator: ModelOperator;
  #ids = 0;

  static async open(seed: number): Promise<ModelRun> {
    const run = new ModelRun(seed);
    await run.world.start();
    await run.world.insist(setUp);
    await run.world.start();
    run.world.isFickle = true;
    return run;
  }

  private constructor(seed: number) {
    this.world = new ModelWorld(seed);
    this.#check = new ModelCheck(this.world);
    this.#random = streamOf(seed, 'steps');
    const parts = { check: this.#check, mails: this.mails, random: streamOf(seed, 'operator') };
    this.#operator = new ModelOperator(this.world, parts);
  }

  async step(): Promise<void> {
    const times = (count: number, action: () => Promise<unknown>) => Array.from({ length: count }, () => action);
    await pick(this.#random, [
      ...times(7, () => this.#submit()),
      ...times(2, () => this.#operator.tellAny('cancel')),
      ...times(3, () => this.#operator.tellAny('cancel', 'leased')),
      ...times(6, async () => {
        await this.#submit();
        // At once, while its lane may be claimed from.
        await this.#operator.tellAny(this.#pick(['cancel', 'cancel', 'hold']), 'ready');
      }),
      ...times(2, () => this.#operator.tellAny('hold')),
      ...times(2, () => this.#operator.tellAny('release', 'held')),
      ...times(2, () => this.#operator.tellAny('retry')),
      ...times(3, () => this.#operator.decide()),
      ...times(3, () => this.#operator.stopSome()),
      ...times(6, () => this.#operator.goOnSome()),
      ...times(2, async () => this.world.relay.cutAll()),
      ...times(3, async () => this.#changePassword()),
      ...times(4, async () => (await this.world.awake()).life.pause(pauseMs(this.#random))),
      ...times(2, async () => (await this.world.awake()).life.die()),
      ...times(6, () => this.#startAnother()),
      async () => this.world.stop(await this.world.awake()),
    ])();
    await this.world.clock.advance(this.#pick(PASSES_MS));
    this.check();
  }

  check(): void {
    this.#check.check(this.mails, this.#operator.stops);
  }

  /** Take every obstacle away, and wait until all is over. */
  async finish(): Promise<void> {
    const { world } = this;
    world.isFickle = false;
    world.relay.isKind = true;
    world.relay.refusesPassword = false;
    for (const { life } of world.instances) life.goOn();
    for (const instance of world.instances) await world.stop(instance);
    while (this.#operator.hasStopped) await this.#operator.goOnSome();
    for (let round = 0; round < 400; round++) {
      const waiting = [...this.#check.states().values()].filter(({ state }) => state !== 'final');
      if (waiting.length === 0) return;
      for (const { id, state } of waiting) {
        const mail = this.mails.find((each) => each.id === id);
        if (state === 'held' && mail !== undefined) await this.#operator.tell(mail, 'release');
      }
      await this.#operator.decide();
      await world.awake();
      await world.clock.advance(5_000);
      this.check();
    }
    throw new Error(`these never end: ${JSON.stringify(await this.#waiting(), null, 1)}`);
  }

  /** What happened, for whoever compares two runs, or wonders whether one tried anything. */
  summary() {
    const { relay, disk } = this.world;
    return {
      mails: this.mails.length,
      sendings: relay.sendings.length,
      taken: relay.sendings.filter(({ takenAs }) => takenAs !== null).length,
      unfinished: relay.sendings.filter(({ isOver }) => !isOver).length,
      afterPause: relay.sendings.filter(({ wasPaused }) => wasPaused).length,
      results: disk.look('select result, count(*) as count from messages group by result order by result'),
      events: disk.look(`select type, json_extract(detail, '$.possibleDuplicate') as doubtful, count(*) as count
        from message_events group by 1, 2 order by 1, 2`),
    };
  }

  [Symbol.dispose](): void {
    this.world[Symbol.dispose]();
  }

  async #waiting(): Promise<readonly unknown[]> {
    const states = this.#check.states();
    const waiting = this.mails.filter(({ id }) => states.get(id)?.state !== 'final');
    const views: unknown[] = [];
    for (const { id, lane } of waiting) {
      const view = await this.world.insist((engine) =>
        engine.execute('messages.get', { tenant_id: lane.tenant, message_id: id }),
      );
      views.push(validate(messageOutput, view).waiting_for, lane, id);
    }
    return views;
  }

  async #submit(): Promise<void> {
    const { clock } = this.world;
    const batch = this.#pick([null, null, ...BATCHES]);
    const lane = this.#pick(LANES);
    const mails = Array.from({ length: this.#pick([1, 3, 6, 12]) }, (): Mail => {
      const to = Array.from({ length: this.#pick([1, 1, 2, 3]) }, (_, each) => `r${each}@example.org`);
      return {
        id: `m${this.#ids++}`,
        lane,
        policy: this.#pick(POLICIES),
        to,
        batch,
        expiresAt: this.#random() < 0.3 ? clock.now() + this.#pick([3_000, 20_000, 60_000]) : null,
        cancelledAs: null,
        wasAskedToCancel: false,
        retries: 0,
        confirms: 0,
      };
    });
    const inputs = mails.map((mail) => ({
      id: mail.id,
      from: 'shop@example.com',
      to: [...mail.to],
      subject: mail.id,
      text: 'Some text.\n',
      account_id: lane.account,
      on_in_doubt: mail.policy,
      priority: this.#pick([0, 1, 2, 3]),
      ...(batch === null ? {} : { batch_code: batch }),
      ...(mail.expiresAt === null ? {} : { expires_at: new Date(mail.expiresAt).toISOString() }),
    }));
    const result = await this.world.insist((engine) => engine.submit(inputs, { tenantId: lane.tenant })).catch(tooLate);
    for (const [index, mail] of mails.entries()) {
      if (result === null) {
        // Nobody was told so, but an earlier try may have stored it.
        if (this.#check.states().has(mail.id)) this.mails.push(mail);
        continue;
      }
      const one = result.results[index];
      // It was stored when nobody heard the answer.
      const isKnown = one?.status === 'rejected' && one.code === 'duplicate_id';
      expect(one?.status === 'accepted' || isKnown, JSON.stringify(one)).toBe(true);
      this.mails.push(mail);
    }
  }

  #changePassword(): void {
    const { relay } = this.world;
    relay.refusesPassword = !relay.refusesPassword && this.#random() < 0.4;
    // New logins happen on new connections only.
    relay.cutAll();
  }

  async #startAnother(): Promise<void> {
    if (this.world.instances.length < 3) await this.world.start();
  }

  #pick<Item>(items: readonly Item[]): Item {
    return pick(this.#random, items);
  }
}

/** It took so long to be heard that the end of a message is over. */
function tooLate(error: unknown): null {
  if (isMailProxyError(error, 'invalid_input')) return null;
  throw error;
}

async function setUp(engine: MailEngine): Promise<void> {
  const relay = { host: 'relay.test', port: 25, tls: 'none', user: 'someone', password: 'secret', max_connections: 4 };
  await engine.execute('tenants.create', { id: 'other', limit_per_minute: 8, limit_unit: 'recipient' });
  await engine.execute('accounts.create', { tenant_id: 'default', id: 'main', ...relay });
  await engine.execute('accounts.create', { tenant_id: 'default', id: 'slow', limit_per_minute: 5, ...relay });
  await engine.execute('accounts.create', { tenant_id: 'other', id: 'main', ...relay });
}
