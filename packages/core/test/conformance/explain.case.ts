// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import type { Compilable, Kysely } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { createExplain } from '../../src/delivery/explain.ts';
import type { RateLimits } from '../../src/entities/account/account.model.ts';
import { createInstanceStore } from '../../src/entities/instance/instance.store.ts';
import type { WaitingFor } from '../../src/entities/message/waiting-for.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { reachOfAll } from '../../src/operations/principal.ts';
import { createLaneGates } from '../../src/queue/lane-gates.ts';
import type { LaneKey } from '../../src/queue/lanes.ts';
import { limitsOf } from '../../src/queue/rate-limits.ts';
import { type ControlWorld, createControlWorld } from './control-world.case.ts';
import { createSender, laneLimits, type Sender } from './rate-world.case.ts';
import type { OpenStore } from './store-world.case.ts';

const HOUR_MS = 3_600_000;

interface State {
  readonly isPaused: boolean;
  readonly isTenantSuspended: boolean;
  /** Milliseconds from now at which the pause of the account is over; null for none. */
  readonly pauseEndsIn: number | null;
  /** By a person, and not after failures. */
  readonly isPauseByHand: boolean;
  /** An older instance counted a failure to a pause by hand. */
  readonly isWrittenOver: boolean;
  readonly isBatchSuspended: boolean;
  readonly account: Partial<RateLimits>;
  readonly tenant: Partial<RateLimits>;
  /** Recipients of messages that were sent, and of those that are being sent. */
  readonly sent: readonly number[];
  readonly flying: readonly number[];
  readonly messages: readonly {
    readonly state: 'ready' | 'ready' | 'deferred' | 'held' | 'suspended' | 'in_doubt' | 'leased' | 'final';
    readonly priority: number;
    readonly isInBatch: boolean;
    readonly recipients: number;
  }[];
}

const limits: fc.Arbitrary<Partial<RateLimits>> = fc.record({
  perMinute: fc.option(fc.integer({ min: 1, max: 6 }), { nil: null }),
  perHour: fc.option(fc.integer({ min: 1, max: 9 }), { freq: 2, nil: null }),
  unit: fc.constantFrom('message', 'recipient'),
});
const rarely = fc.nat({ max: 5 }).map((n) => n === 0);
const someRecipients = fc.integer({ min: 1, max: 4 });

const states: fc.Arbitrary<State> = fc.record({
  isPaused: rarely,
  isTenantSuspended: rarely,
  pauseEndsIn: fc.option(fc.constantFrom(-1, 0, 1, 60_000), { freq: 2 }),
  isPauseByHand: fc.boolean(),
  isWrittenOver: fc.boolean(),
  isBatchSuspended: fc.boolean(),
  account: limits,
  tenant: limits,
  sent: fc.array(someRecipients, { maxLength: 3 }),
  flying: fc.array(someRecipients, { maxLength: 2 }),
  messages: fc.array(
    fc.record({
      state: fc.constantFrom('ready', 'ready', 'ready', 'deferred', 'held', 'suspended', 'in_doubt', 'leased', 'final'),
      priority: fc.nat({ max: 3 }),
      isInBatch: fc.boolean(),
      recipients: someRecipients,
    }),
    { minLength: 1, maxLength: 6 },
  ),
});

/** A world to explain things in, with one account for each run. */
class ExplainRun {
  readonly lane: LaneKey;
  readonly limits: ReturnType<typeof limitsOf>;
  readonly #world: ControlWorld;
  readonly #sender: Sender;
  readonly #batch: string;

  private constructor(world: ControlWorld, sender: Sender, lane: LaneKey, state: State) {
    this.#world = world;
    this.#sender = sender;
    this.lane = lane;
    this.#batch = `batch-${lane.tenantId}`;
    this.limits = limitsOf(laneLimits(state));
  }

  static async begin(world: ControlWorld, sender: Sender, name: string, state: State): Promise<ExplainRun> {
    await world.addTenant(name);
    const run = new ExplainRun(
      world,
      sender,
      { tenantId: name, accountPk: await world.addAccount(name, 'main') },
      state,
    );
    await run.#make(state);
    return run;
  }

  /** Of each message of the account what it waits for, by its key. */
  async explained(): Promise<ReadonlyMap<string, readonly WaitingFor[]>> {
    const { database, clock, services } = this.#world;
    const laneGates = createLaneGates(database);
    const explain = createExplain({
      clock,
      readGates: (lane, now) => laneGates.read({ ...lane, limits: this.limits }, now),
      position: (message) => services.messages.position(message),
      claimWaits: () => [],
      isBatchSuspended: (tenantId, batchCode) => services.batches.isSuspended({ tenantId, batchCode }),
    });
    const waits = new Map<string, readonly WaitingFor[]>();
    for (const { pk, account_pk } of await this.#world.messages()) {
      if (account_pk !== this.lane.accountPk) continue;
      waits.set(pk, await explain(await services.messages.find(reachOfAll(), pk)));
    }
    return waits;
  }

  async claim(): Promise<readonly string[]> {
    return (await this.#sender.take(this.lane, { limits: this.limits })).map(({ pk }) => pk);
  }

  async #make(state: State): Promise<void> {
    const { clock, database } = this.#world;
    await this.#send(state.sent, true);
    await this.#send(state.flying, false);
    for (const { state: target, priority, isInBatch, recipients } of state.messages) {
      await this.#accept(target, { priority, batch_code: isInBatch ? this.#batch : null, recipients });
    }
    if (state.isPaused) await createInstanceStore(database).setPaused(clock.now());
    if (state.isTenantSuspended) {
      await write(database, (k) =>
        k.updateTable('tenants').set({ suspended_at: clock.now() }).where('id', '=', this.lane.tenantId),
      );
    }
    const { pauseEndsIn, isPauseByHand, isWrittenOver } = state;
    if (pauseEndsIn !== null) {
      await write(database, (k) =>
        k.insertInto('account_pauses').values({
          account_pk: this.lane.accountPk,
          since: clock.now(),
          until_at: clock.now() + pauseEndsIn,
          failures: isPauseByHand && !isWrittenOver ? 0 : 1,
          reason: JSON.stringify({ stage: 'auth', code: 535, enhanced: null, reply: 'no' }),
          by_hand: isPauseByHand ? 1 : 0,
        }),
      );
    }
    if (state.isBatchSuspended) {
      await this.#world.services.batches.suspend({ tenantId: this.lane.tenantId, batchCode: this.#batch }, clock.now());
    }
  }

  async #send(sizes: readonly number[], isSettled: boolean): Promise<void> {
    for (const recipients of sizes) {
      await this.#accept('ready', { priority: 2, batch_code: null, recipients });
      const claimed = await this.#sender.take(this.lane, { limits: null });
      if (isSettled) await this.#sender.sent(claimed, this.limits);
    }
  }

  #accept(
    state: State['messages'][number]['state'],
    { recipients, ...fields }: { priority: number; batch_code: string | null; recipients: number },
  ): Promise<string> {
    const { clock } = this.#world;
    const isLater = state === 'deferred';
    return this.#world.acceptAs(state, {
      ...fields,
      account_pk: this.lane.accountPk,
      tenant_id: this.lane.tenantId,
      eligible_at: isLater ? clock.now() + HOUR_MS : clock.now(),
      to: Array.from({ length: recipients }, (_, index) => `r${index}@example.org`),
    });
  }
}

async function write(database: Database<CoreSchema>, build: (k: Kysely<CoreSchema>) => Compilable): Promise<void> {
  await database.write([database.prepare<object>(build).bind({})]);
}

export function explainConformance(open: OpenStore): void {
  describe('what a message waits for', () => {
    test('in any state what waits for its turn alone and is first is claimed next, and what waits for more is not', async () => {
      await using world = await createControlWorld(open);
      const sender = await createSender(world);
      const instances = createInstanceStore(world.database);
      await instances.ensure('test', world.clock.now());
      const seen = new Map<string, number>();
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(states, async (state) => {
          const made = await ExplainRun.begin(world, sender, `run-${runs++}`, state);
          const explained = await made.explained();
          const claimed = await made.claim();
          for (const [pk, waits] of explained) {
            const kinds = waits.map(({ kind }) => kind);
            for (const kind of kinds) seen.set(kind, (seen.get(kind) ?? 0) + 1);
            const { state: now } = await world.message(pk);
            const what = `${pk} ${kinds.join(' ')}, then ${now}`;
            if (waits.length === 0) expect(now, what).toBe('final');
            if (kinds.join() === 'turn' && waits[0]?.position === 0) expect(claimed, what).toContain(pk);
            if (kinds.join() !== 'turn') expect(claimed, what).not.toContain(pk);
          }
          // What stops everything would stop the next run too.
          await instances.setPaused(null);
        }),
        { numRuns: Number(process.env['GMP_EXPLAIN_RUNS'] ?? 60), endOnFailure: false },
      );
      for (const kind of [
        'turn',
        'rate_limit',
        'account_paused',
        'account_probe',
        'batch_suspended',
        'instance_paused',
      ]) {
        expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(0);
      }
    }, 120_000);
  });
}
