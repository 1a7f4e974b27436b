// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createSecretKey } from 'node:crypto';
import type { MailEngine } from '@mail-proxy/core';
import { VirtualClock } from '@mail-proxy/core/testing';
import type { Random } from '../../src/clock.ts';
import { engineConfigSchema } from '../../src/config/engine-config.ts';
import { composeEngine } from '../../src/engine/create-mail-engine.ts';
import { isMailProxyError } from '../../src/errors.ts';
import type { Log } from '../../src/observability/log.ts';
import { validate } from '../../src/operations/validate.ts';
import { KeyRing } from '../../src/secrets/key-ring.ts';
import { FickleRelay } from './fickle-relay.case.ts';
import { openFickleSession } from './fickle-session.case.ts';
import { LEASE_MS, Life } from './life.case.ts';
import { Disk, LifeDatabase } from './life-database.case.ts';
import { pick, streamOf } from './streams.case.ts';

export const EXPIRY_SWEEP_MS = 5_000;

/** For the answer to a command, in the time of the model. */
const PATIENCE_MS = 300_000;

const CONFIG = validate(engineConfigSchema, {
  database: 'the disk of the model',
  delivery: {
    ehloName: 'model.test',
    leaseMs: LEASE_MS,
    expirySweepMs: EXPIRY_SWEEP_MS,
    accountPauseMs: 20_000,
    accountPauseMaxMs: 60_000,
    maxSends: 12,
    reservedImmediate: 2,
  },
  retry: { baseMs: 4_000, maxDelayMs: 30_000 },
});

/** A process and its engine. */
export interface Instance {
  readonly life: Life;
  readonly engine: MailEngine;
}

/** What a command came to: an answer, or silence that says nothing of whether it was done. */
export type Answer<Value> =
  /** `as` is its place among all that happened. */
  { readonly ok: true; readonly value: Value; readonly as: number } | { readonly ok: false; readonly error: unknown };

/** Up to three engines over one disk, a relay that goes wrong, and a time that moves only when the test moves it. */
export class ModelWorld implements Disposable {
  readonly clock = new VirtualClock();
  readonly disk = new Disk();
  readonly relay: FickleRelay;
  /** Bugs that engines met and went on from. */
  readonly bugs: string[] = [];
  /** Commits fail and processes die by chance. */
  isFickle = false;
  readonly #seed: number;
  readonly #faults: Random;
  readonly #who: Random;
  #instances: readonly Instance[] = [];
  #lives = 0;
  #count = 0;
  #pks = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#faults = streamOf(seed, 'database');
    this.#who = streamOf(seed, 'instances');
    this.relay = new FickleRelay(seed, this.clock, () => this.next());
  }

  /** A number above all that were given. */
  next(): number {
    this.#count += 1;
    return this.#count;
  }

  /** Those whose processes have not died. */
  get instances(): readonly Instance[] {
    this.#instances = this.#instances.filter(({ life }) => !life.isDead);
    return this.#instances;
  }

  /** One that runs; started where none does. */
  async awake(): Promise<Instance> {
    for (;;) {
      const running = this.instances.filter(({ life }) => life.isAwake);
      if (running.length > 0) return pick(this.#who, running);
      await this.start();
    }
  }

  async start(): Promise<void> {
    const name = `life ${this.#lives++}`;
    const life = new Life(name, this.clock);
    const { clock } = life;
    const database = new LifeDatabase(this.disk, life, {
      outside: this.clock,
      random: this.#faults,
      isFickle: () => this.isFickle,
    });
    const engine = await this.#pump(
      life,
      composeEngine({
        config: { ...CONFIG, instanceName: name },
        database,
        ring: new KeyRing([createSecretKey(Buffer.alloc(32, 1))]),
        clock,
        random: streamOf(this.#seed, name),
        log: this.#logOf(life),
        makePk: () => this.#makePk(),
        openSession: (_, options) => openFickleSession(this.relay, life, options),
      }),
    );
    const started = engine.ok ? await this.#pump(life, engine.value.start()) : engine;
    if (engine.ok && started.ok) {
      this.#instances = [...this.#instances, { life, engine: engine.value }];
      return;
    }
    // As a process that ends with an error and is started again.
    life.die();
    if (!started.ok) demandUnavailable(started.error);
  }

  /** Stop as SIGTERM does. */
  async stop({ life, engine }: Instance): Promise<void> {
    await this.#pump(life, engine.stop());
    life.die();
  }

  /** Ask an engine that runs. */
  async ask<Value>(question: (engine: MailEngine) => Promise<Value>): Promise<Answer<Value> & { readonly life: Life }> {
    const { life, engine } = await this.awake();
    return { life, ...(await this.#pump(life, question(engine))) };
  }

  /** Go on until there is an answer; what is unknown is asked again. */
  async insist<Value>(question: (engine: MailEngine) => Promise<Value>): Promise<Value> {
    for (;;) {
      const answer = await this.ask(question);
      if (answer.ok) return answer.value;
      demandUnavailable(answer.error);
    }
  }

  [Symbol.dispose](): void {
    for (const { life } of this.#instances) life.die();
    this.disk[Symbol.dispose]();
  }

  /** Move the time until a process has answered, or died. */
  async #pump<Value>(life: Life, work: Promise<Value>): Promise<Answer<Value>> {
    let answer: Answer<Value> | null = null;
    work.then(
      (value) => (answer = { ok: true, value, as: this.next() }),
      (error: unknown) => (answer = { ok: false, error }),
    );
    const endsAt = this.clock.now() + PATIENCE_MS;
    while (this.clock.now() < endsAt) {
      // Nothing comes from a process that stands still.
      await this.clock.advance(life.isAwake ? 1 : 100);
      // Set by the promise, which the type checker does not see.
      const now = answer as Answer<Value> | null;
      if (now !== null) return now;
      if (life.isDead) return { ok: false, error: null };
    }
    throw new Error(`${life.name} does not answer`);
  }

  #makePk(): string {
    this.#pks += 1;
    const time = this.clock.now().toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${this.#pks.toString(16).padStart(12, '0')}`;
  }

  #logOf(life: Life): Log {
    const nothing = (): void => {};
    return {
      debug: nothing,
      info: nothing,
      warn: (fields, message) => this.#note(life, fields, message),
      error: (fields, message) => this.#note(life, fields, message),
    };
  }

  #note(life: Life, fields: object, message: string): void {
    const error = 'err' in fields ? fields.err : undefined;
    const isBug = error !== undefined && !isMailProxyError(error);
    // Who never stood still for long never loses what it holds.
    const isUnowned = message.includes('after the session had ended') && life.pauses === 0;
    if (isBug || isUnowned) this.bugs.push(`${life.name}: ${message}: ${String(error)} ${JSON.stringify(fields)}`);
  }
}

/** Nothing else leaves a command without an answer; null is the death of who was asked. */
export function demandUnavailable(error: unknown): void {
  if (error !== null && !isMailProxyError(error, 'database_unavailable')) throw error;
}
