// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect } from 'vitest';
import type { Prepared } from '../../src/database/statement.ts';
import type { RateLimits } from '../../src/entities/account/account.model.ts';
import type { OnInDoubt } from '../../src/entities/message/message.table.ts';
import { type Claim, type ClaimedMessage, prepareClaim } from '../../src/queue/claim.ts';
import { HandoffMarks } from '../../src/queue/handoff-marks.ts';
import { createLaneGates, type Gate, type LaneGates } from '../../src/queue/lane-gates.ts';
import type { LaneKey } from '../../src/queue/lanes.ts';
import { type LaneLimits, type RateWindow, usesOf, windowsOf } from '../../src/queue/rate-limits.ts';
import { prepareRelease, type Release } from '../../src/queue/release.ts';
import { prepareSettle, type Settle } from '../../src/queue/settle.ts';
import { addresses, storeLimits } from './rate-world.case.ts';
import type { World } from './store-world.case.ts';

/** Numbers of flights and lanes are taken modulo how many there are. */
export type Step =
  | { readonly do: 'claim'; readonly session: number; readonly lane: number; readonly quota: number }
  /** Hand a message to a connection: the mark is written where its policy asks for it. */
  | { readonly do: 'hand'; readonly flight: number }
  /** The relay takes it. */
  | { readonly do: 'sink'; readonly flight: number }
  | { readonly do: 'settle'; readonly flight: number }
  | { readonly do: 'release'; readonly flight: number }
  | { readonly do: 'die'; readonly session: number }
  /** Take back what the dead held. */
  | { readonly do: 'rescue' }
  | { readonly do: 'pass'; readonly ms: number }
  /** Wait for as long as the gates of a lane say, then claim. */
  | { readonly do: 'follow'; readonly lane: number };

export interface Plan {
  readonly account: RateLimits;
  readonly tenant: RateLimits;
  readonly messages: readonly { readonly lane: number; readonly recipients: number; readonly policy: OnInDoubt }[];
  readonly steps: readonly Step[];
}

interface Flight {
  readonly message: ClaimedMessage;
  isHanded: boolean;
  isSunk: boolean;
}

/** What the relay took, and when. */
interface Sunk {
  readonly at: number;
  readonly accountPk: string;
  readonly recipients: number;
}

/** One tenant with two accounts and three engines, under a plan. The order of things is the plan's, time is virtual. */
export class LimitRun {
  readonly #world: World;
  readonly #lanes: readonly LaneKey[];
  readonly #limits: LaneLimits;
  readonly #claim: Claim;
  readonly #settle: Settle;
  readonly #release: Release;
  readonly #gates: LaneGates;
  readonly #marks: HandoffMarks;
  readonly #ready: Prepared<{ account_pk: string }, { count: number }>;
  readonly #sessions: number[];
  readonly #dead = new Set<number>();
  readonly #sink: Sunk[] = [];
  #flights: Flight[] = [];

  private constructor(
    world: World,
    { lanes, limits, sessions }: { lanes: LaneKey[]; limits: LaneLimits; sessions: number[] },
  ) {
    const { database, makePk } = world;
    this.#world = world;
    this.#lanes = lanes;
    this.#limits = limits;
    this.#sessions = sessions;
    this.#claim = prepareClaim(database);
    this.#settle = prepareSettle(database, makePk);
    this.#release = prepareRelease(database);
    this.#gates = createLaneGates(database);
    this.#marks = new HandoffMarks(database);
    this.#ready = database.prepare((k, p) =>
      k
        .selectFrom('messages')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('account_pk', '=', p.account_pk)
        .where('state', '=', 'ready'),
    );
  }

  static async begin(world: World, tenantId: string, { account, tenant, messages }: Plan): Promise<LimitRun> {
    await world.addTenant(tenantId);
    const limits = { account, tenant };
    const lanes: LaneKey[] = [];
    for (const id of ['a', 'b']) {
      const lane = { tenantId, accountPk: await world.addAccount(tenantId, id) };
      await storeLimits(world.database, lane, limits);
      lanes.push(lane);
    }
    const sessions: number[] = [];
    for (let index = 0; index < 3; index++) sessions.push(await world.sessions.start('run', world.clock.now()));
    await Promise.all(
      messages.map(({ lane, recipients, policy: on_in_doubt }) =>
        world.accept({
          tenant_id: tenantId,
          account_pk: at(lanes, lane).accountPk,
          to: addresses(recipients),
          on_in_doubt,
        }),
      ),
    );
    return new LimitRun(world, { lanes, limits, sessions });
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'claim':
        await this.#take(at(this.#lanes, step.lane), step);
        return;
      case 'hand':
        return this.#onFlight(step.flight, (flight) => this.#hand(flight));
      case 'sink':
        return this.#onFlight(step.flight, (flight) => this.#reach(flight));
      case 'settle':
        return this.#onFlight(step.flight, (flight) => this.#end(flight));
      case 'release':
        return this.#onFlight(step.flight, async (flight) => {
          if (flight.isSunk || this.#isDead(flight)) return;
          await this.#release([flight.message], this.#now);
          this.#land(flight);
        });
      case 'die': {
        const session = at(this.#sessions, step.session);
        await this.#world.sessions.end(session, this.#now);
        this.#dead.add(session);
        this.#sessions[step.session % this.#sessions.length] = await this.#world.sessions.start('run', this.#now);
        return;
      }
      case 'rescue':
        return this.#rescue();
      case 'pass':
        return this.#world.clock.advance(step.ms);
      case 'follow':
        await this.#follow(at(this.#lanes, step.lane));
        return;
      default:
        step satisfies never;
    }
  }

  /** Let all that is under way end, then send what is left as fast as the gates allow. */
  async finish(): Promise<void> {
    await this.#rescue();
    for (const flight of [...this.#flights]) await this.#end(flight);
    for (const lane of this.#lanes) {
      while ((await this.#waiting(lane)) > 0) {
        const taken = await this.#follow(lane);
        expect(taken, 'what waits is sent when its gates say so').toBeGreaterThan(0);
        for (const flight of [...this.#flights]) await this.#end(flight);
      }
    }
  }

  /** In no window, wherever it begins, more than the limit; but for a message that is larger, alone. */
  check(): void {
    for (const lane of this.#lanes) {
      for (const window of windowsOf(lane, this.#limits)) {
        const seen = this.#sink.filter(
          ({ accountPk }) => window.scopeKind === 'tenant' || accountPk === lane.accountPk,
        );
        for (const { at: from } of seen) {
          const inside = seen.filter((one) => one.at >= from && one.at < from + window.windowMs);
          const sum = inside.reduce((all, one) => all + countOf(one, window), 0);
          if (inside.length > 1) expect(sum, JSON.stringify({ window, inside })).toBeLessThanOrEqual(window.limit);
        }
      }
    }
  }

  async unfinished(): Promise<readonly unknown[]> {
    const mine = (await this.#world.messages()).filter(({ tenant_id }) => tenant_id === this.#lanes[0]?.tenantId);
    // Those in doubt are over as far as the queue goes.
    return mine.filter(({ state }) => state !== 'final' && state !== 'in_doubt');
  }

  get #now(): number {
    return this.#world.clock.now();
  }

  #isDead({ message }: Flight): boolean {
    return this.#dead.has(message.owner_session);
  }

  #land(flight: Flight): void {
    this.#flights = this.#flights.filter((one) => one !== flight);
  }

  async #onFlight(index: number, act: (flight: Flight) => Promise<void>): Promise<void> {
    if (this.#flights.length > 0) await act(at(this.#flights, index));
  }

  async #claimAt(lane: LaneKey, session: number, { quota, now }: { quota: number; now: number }) {
    const [claimed = []] = await this.#claim([{ ...lane, quota, limits: this.#limits }], {
      session,
      now,
      immediateOnly: false,
    });
    return claimed;
  }

  /** Claim; what comes of it is just what the gates say. */
  async #take(lane: LaneKey, { session, quota }: { session: number; quota: number }): Promise<number> {
    const gates = await this.#read(lane);
    const waiting = await this.#waiting(lane);
    const claimed = await this.#claimAt(lane, at(this.#sessions, session), { quota, now: this.#now });
    if (gates.length > 0) expect(claimed, 'a closed lane gives nothing').toEqual([]);
    else if (waiting > 0) expect(claimed.length, 'an open lane gives something').toBeGreaterThan(0);
    this.#flights.push(...claimed.map((message) => ({ message, isHanded: false, isSunk: false })));
    return claimed.length;
  }

  async #hand(flight: Flight): Promise<void> {
    if (flight.isHanded || this.#isDead(flight)) return;
    if (flight.message.on_in_doubt !== 'retry') await this.#marks.write(flight.message, this.#now);
    flight.isHanded = true;
  }

  /** The relay may take a message after its engine died, if that had come as far. */
  async #reach(flight: Flight): Promise<void> {
    await this.#hand(flight);
    if (!flight.isHanded || flight.isSunk) return;
    flight.isSunk = true;
    this.#sink.push({ at: this.#now, accountPk: flight.message.account_pk, recipients: flight.message.units });
  }

  /** The relay has taken it by now at the latest, and the outcome is written. */
  async #end(flight: Flight): Promise<void> {
    if (this.#isDead(flight)) return;
    await this.#reach(flight);
    const { pk, account_pk: accountPk, tenant_id: tenantId, owner_session, units } = flight.message;
    const uses = usesOf({ accountPk, tenantId }, this.#limits, { messages: 1, recipients: units, at: this.#now });
    await this.#settle(this.#world.settlement(pk, owner_session, { tenantId, uses }));
    this.#land(flight);
  }

  async #rescue(): Promise<void> {
    for (const session of this.#dead) {
      await this.#world.sessions.rescue(session, { now: this.#now, limit: 100 });
      this.#flights = this.#flights.filter(({ message }) => message.owner_session !== session);
    }
    this.#dead.clear();
  }

  #read(lane: LaneKey): Promise<readonly Gate[]> {
    return this.#gates.read({ ...lane, limits: this.#limits }, this.#now);
  }

  async #waiting({ accountPk }: LaneKey): Promise<number> {
    const [row] = await this.#world.database.read(this.#ready.bind({ account_pk: accountPk }));
    return row?.count ?? 0;
  }

  /** @returns what could be claimed at the time that the gates gave; a flight makes that time a guess */
  async #follow(lane: LaneKey): Promise<number> {
    const gates = await this.#read(lane);
    const until = Math.max(this.#now, ...gates.map((gate) => gate.until ?? 0));
    const isExact = this.#flights.length === 0;
    if (isExact && until > this.#now) {
      const early = await this.#claimAt(lane, at(this.#sessions, 0), { quota: 1, now: until - 1 });
      expect(early, 'not a millisecond before').toEqual([]);
    }
    await this.#world.clock.advance(until - this.#now);
    if (isExact) expect(await this.#read(lane), 'open when it was said').toEqual([]);
    return this.#take(lane, { session: 0, quota: 3 });
  }
}

function countOf({ recipients }: Sunk, { unit }: RateWindow): number {
  return unit === 'recipient' ? recipients : 1;
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('there is none');
  return item;
}
