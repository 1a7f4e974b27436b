// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError } from '@mail-proxy/core';
import type { Random } from '../../src/clock.ts';
import type { ModelCheck } from './model-check.case.ts';
import { BATCHES, type Mail, type Stop, TENANTS } from './model-mail.case.ts';
import { demandUnavailable, type ModelWorld } from './model-world.case.ts';
import { pick } from './streams.case.ts';

type Verb = 'cancel' | 'hold' | 'release' | 'retry' | 'confirm';

/** Who gives commands by hand, and remembers what was promised. */
export class ModelOperator {
  /** What must not be begun, and from when to when. */
  readonly stops: Stop[] = [];
  readonly #world: ModelWorld;
  readonly #check: ModelCheck;
  readonly #mails: readonly Mail[];
  readonly #random: Random;
  /** What was stopped and not yet told to go on. */
  readonly #stopped: { readonly what: string; readonly goOn: string; readonly input: object }[] = [];

  constructor(world: ModelWorld, parts: { check: ModelCheck; mails: readonly Mail[]; random: Random }) {
    this.#world = world;
    this.#check = parts.check;
    this.#mails = parts.mails;
    this.#random = parts.random;
  }

  get hasStopped(): boolean {
    return this.#stopped.length > 0;
  }

  /** Tell something of one message, in that state if one is named. */
  async tellAny(verb: Verb, state?: string): Promise<void> {
    const states = this.#check.states();
    const mails = this.#mails.filter((mail) => state === undefined || states.get(mail.id)?.state === state);
    // Most are over soon; the latest are worth more tries.
    const some = this.#random() < 0.7 ? mails.slice(-15) : mails;
    if (some.length > 0) await this.tell(this.#pick(some), verb);
  }

  /** A person looks at the relay's log and decides what is in doubt, mostly right. */
  async decide(): Promise<void> {
    const states = this.#check.states();
    for (const mail of this.#mails.filter(({ id }) => states.get(id)?.state === 'in_doubt')) {
      const isTaken = this.#world.relay.sendings.some(({ mailId, takenAs }) => mailId === mail.id && takenAs !== null);
      await this.tell(mail, isTaken === this.#random() < 0.8 ? 'confirm' : 'retry');
    }
  }

  async tell(mail: Mail, verb: Verb): Promise<void> {
    if (verb === 'cancel') mail.wasAskedToCancel = true;
    // One that was held until its end is retried from there.
    if (verb === 'release' || verb === 'retry') this.#goOn(({ what }) => what === `a hold of ${mail.id}`);
    const input = { tenant_id: mail.lane.tenant, message_id: mail.id };
    const answer = await this.#world.ask((engine) => engine.execute(`messages.${verb}`, input));
    if (!answer.ok) {
      if (isMailProxyError(answer.error, 'conflict') || isMailProxyError(answer.error, 'in_flight')) return;
      demandUnavailable(answer.error);
    }
    if (verb === 'retry') mail.retries += 1;
    if (verb === 'confirm') mail.confirms += 1;
    if (!answer.ok) return;
    if (verb === 'cancel') {
      mail.cancelledAs = answer.as;
      this.#stop(answer.as, { what: `a cancel of ${mail.id}`, life: null, isOf: (each) => each === mail });
    }
    if (verb === 'hold') {
      this.#stop(answer.as, { what: `a hold of ${mail.id}`, life: null, isOf: (each) => each === mail });
    }
  }

  /** Stop a batch, a tenant or everything. */
  async stopSome(): Promise<void> {
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
    const answer = await this.#world.ask((engine) => engine.execute(stop, input));
    // Other processes learn of it when they next look.
    if (answer.ok) this.#stop(answer.as, { what, life: answer.life, isOf });
  }

  /** Let go on what was stopped first. */
  async goOnSome(): Promise<void> {
    const { what, goOn, input } = this.#stopped.shift() ?? {};
    if (goOn === undefined) return;
    this.#goOn((each) => each.what === what);
    await this.#world.insist((engine) => engine.execute(goOn, input));
  }

  #stop(fromAs: number, stop: Omit<Stop, 'fromAs' | 'untilAs'>): void {
    this.stops.push({ ...stop, fromAs, untilAs: Number.POSITIVE_INFINITY });
  }

  #goOn(isOver: (stop: Stop) => boolean): void {
    for (const stop of this.stops) {
      if (isOver(stop)) stop.untilAs = Math.min(stop.untilAs, this.#world.next());
    }
  }

  #pick<Item>(items: readonly Item[]): Item {
    return pick(this.#random, items);
  }
}
