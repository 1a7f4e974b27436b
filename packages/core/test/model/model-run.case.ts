// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError, type MailEngine } from '@mail-proxy/core';
import { expect } from 'vitest';
import type { Random } from '../../src/clock.ts';
import { messageOutput } from '../../src/entities/message/message.schema.ts';
import { validate } from '../../src/operations/validate.ts';
import { ModelCheck } from './model-check.case.ts';
import { BATCHES, LANES, type Mail, POLICIES, type Stop } from './model-mail.case.ts';
import { LEASE_MS, ModelWorld } from './model-world.case.ts';
import { pick, streamOf } from './streams.case.ts';

type Verb = 'cancel' | 'hold' | 'release' | 'retry' | 'confirm';

const TENANTS = ['default', 'other'] as const;
const PASSES_MS = [0, 3, 3, 20, 100, 500, 2_000, 5_000, 12_000, 30_000] as const;
/** Around the lease: it may or may not be lost meanwhile. */
const PAUSES_MS = [500, 0.8 * LEASE_MS, 1.2 * LEASE_MS, 1.5 * LEASE_MS, 2 * LEASE_MS, 4 * LEASE_MS] as const;

/** One run: steps by chance, and after each of them the check. */
export class ModelRun implements Disposable {
  readonly world: ModelWorld;
  readonly mails: Mail[] = [];
  readonly #check: ModelCheck;
  readonly #random: Random;
  readonly #stops: Stop[] = [];
  /** What was stopped and not yet told to go on. */
  readonly #stopped: { readonly what: string; readonly goOn: string; readonly input: object }[] = [];

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
  }

  async step(): Promise<void> {
    const times = (count: number, action: () => Promise<unknown>) => Array.from({ length: count }, () => action);
    await pick(this.#random, [
      ...times(12, () => this.#submit()),
      ...times(4, () => this.#onAny('cancel')),
      ...times(2, () => this.#onAny('hold')),
      ...times(2, () => this.#onAny('release', 'held')),
      ...times(2, () => this.#onAny('retry')),
      ...times(3, () => this.#decide()),
      ...times(3, () => this.#stopSome()),
      ...times(6, () => this.#goOnSome()),
      ...times(2, async () => this.world.relay.cutAll()),
      ...times(3, async () => this.#changePassword()),
      ...times(6, () => this.#pauseOne()),
      ...times(2, async () => (await this.world.awake()).life.die()),
      ...times(4, () => this.#startAnother()),
      async () => this.world.stop(await this.world.awake()),
    ])();
    await this.world.clock.advance(this.#pick(PASSES_MS));
    this.check();
  }

  check(): void {
    this.#check.check(this.mails, this.#stops);
  }

  /** Take every obstacle away, and wait until all is over. */
  async finish(): Promise<void> {
    const { world } = this;
    world.isFickle = false;
    world.relay.isKind = true;
    world.relay.refusesPassword = false;
    for (const { life } of world.instances) life.goOn();
    for (const instance of world.instances) await world.stop(instance);
    while (this.#stopped.length > 0) await this.#goOnSome();
    for (let round = 0; round < 400; round++) {
      const waiting = [...this.#check.states().values()].filter(({ state }) => state !== 'final');
      if (waiting.length === 0) return;
      for (const { id, state } of waiting) {
        const mail = this.mails.find((each) => each.id === id);
        if (state === 'held' && mail !== undefined) await this.#tell(mail, 'release');
      }
      await this.#decide();
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
    const mails = Array.from({ length: this.#pick([1, 3, 6, 12]) }, (_, index): Mail => {
      const to = Array.from({ length: this.#pick([1, 1, 2, 3]) }, (_, each) => `r${each}@example.org`);
      return {
        id: `m${this.mails.length + index}`,
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
    const { results } = await this.world.insist((engine) => engine.submit(inputs, { tenantId: lane.tenant }));
    for (const [index, mail] of mails.entries()) {
      const result = results[index];
      // It was stored when nobody heard the answer.
      const isKnown = result?.status === 'rejected' && result.code === 'duplicate_id';
      expect(result?.status === 'accepted' || isKnown, JSON.stringify(result)).toBe(true);
      this.mails.push(mail);
    }
  }

  async #onAny(verb: Verb, state?: string): Promise<void> {
    const states = this.#check.states();
    const mails = this.mails.filter((mail) => state === undefined || states.get(mail.id)?.state === state);
    // Most are over soon; the latest are worth more tries.
    const some = this.#random() < 0.7 ? mails.slice(-15) : mails;
    if (some.length > 0) await this.#tell(this.#pick(some), verb);
  }

  /** A person looks at the relay's log and decides what is in doubt, mostly right. */
  async #decide(): Promise<void> {
    const states = this.#check.states();
    for (const mail of this.mails.filter(({ id }) => states.get(id)?.state === 'in_doubt')) {
      const isTaken = this.world.relay.sendings.some(({ mailId, takenAs }) => mailId === mail.id && takenAs !== null);
      await this.#tell(mail, isTaken === this.#random() < 0.8 ? 'confirm' : 'retry');
    }
  }

  async #tell(mail: Mail, verb: Verb): Promise<void> {
    if (verb === 'cancel') mail.wasAskedToCancel = true;
    if (verb === 'release') this.#goOn(({ what }) => what === `a hold of ${mail.id}`);
    const input = { tenant_id: mail.lane.tenant, message_id: mail.id };
    const answer = await this.world.ask((engine) => engine.execute(`messages.${verb}`, input));
    if (!answer.ok && isMailProxyError(answer.error)) {
      if (['conflict', 'in_flight'].includes(answer.error.code)) return;
      expect(answer.error.code).toBe('database_unavailable');
    } else if (!answer.ok && answer.error !== null) throw answer.error;
    if (verb === 'retry') mail.retries += 1;
    if (verb === 'confirm') mail.confirms += 1;
    if (!answer.ok) return;
    if (verb === 'cancel') {
      mail.cancelledAs = this.world.next();
      this.#stop({ what: `a cancel of ${mail.id}`, life: null, isOf: (each) => each === mail });
    }
    if (verb === 'hold') this.#stop({ what: `a hold of ${mail.id}`, life: null, isOf: (each) => each === mail });
  }

  async #stopSome(): Promise<void> {
    const tenant_id = this.#pick(TENANTS);
    const batch_code = this.#pick(BATCHES);
    const isOfTenant = ({ lane }: Mail) => lane.tenant === tenant_id;
    const { stop, goOn, input, isOf } = this.#pick([
      {
        stop: 'batches.suspend',
        goOn: 'batches.activate',
        input: { tenant_id, batch_code },
        isOf: (mail: Mail) => isOfTenant(mail) && mail.batch === batch_code,
      },
      { stop: 'tenants.suspend', goOn: 'tenants.activate', input: { tenant_id }, isOf: isOfTenant },
      { stop: 'instance.pause', goOn: 'instance.resume', input: {}, isOf: () => true },
    ]);
    const what = `${stop} ${JSON.stringify(input)}`;
    this.#stopped.push({ what, goOn, input });
    const answer = await this.world.ask((engine: MailEngine) => engine.execute(stop, input));
    // Other processes learn of it when they next look.
    if (answer.ok) this.#stop({ what, life: answer.life, isOf });
  }

  async #goOnSome(): Promise<void> {
    const { what, goOn, input } = this.#stopped.shift() ?? {};
    if (goOn === undefined) return;
    this.#goOn((each) => each.what === what);
    await this.world.insist((engine) => engine.execute(goOn, input));
  }

  #stop(stop: Omit<Stop, 'fromAs' | 'untilAs'>): void {
    this.#stops.push({ ...stop, fromAs: this.world.next(), untilAs: Number.POSITIVE_INFINITY });
  }

  #goOn(isOver: (stop: Stop) => boolean): void {
    for (const stop of this.#stops) {
      if (isOver(stop)) stop.untilAs = Math.min(stop.untilAs, this.world.next());
    }
  }

  #changePassword(): void {
    const { relay } = this.world;
    relay.refusesPassword = !relay.refusesPassword && this.#random() < 0.4;
    // New logins happen on new connections only.
    relay.cutAll();
  }

  async #pauseOne(): Promise<void> {
    const { life } = await this.world.awake();
    life.pause();
    this.world.clock.after(this.#pick(PAUSES_MS), () => life.goOn());
  }

  async #startAnother(): Promise<void> {
    if (this.world.instances.length < 3) await this.world.start();
  }

  #pick<Item>(items: readonly Item[]): Item {
    return pick(this.#random, items);
  }
}

async function setUp(engine: MailEngine): Promise<void> {
  const relay = { host: 'relay.test', port: 25, tls: 'none', user: 'someone', password: 'secret', max_connections: 4 };
  await engine.execute('tenants.create', { id: 'other', limit_per_minute: 8, limit_unit: 'recipient' });
  await engine.execute('accounts.create', { tenant_id: 'default', id: 'main', ...relay });
  await engine.execute('accounts.create', { tenant_id: 'default', id: 'slow', limit_per_minute: 5, ...relay });
  await engine.execute('accounts.create', { tenant_id: 'other', id: 'main', ...relay });
}
