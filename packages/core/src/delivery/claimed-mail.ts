// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import { byRank } from '../queue/rank.ts';
import type { Release } from '../queue/release.ts';
import { TransientSet } from '../transient.ts';
import type { Flights } from './flights.ts';
import { giveBack } from './give-back.ts';
import type { Lane } from './lane.ts';
import type { AttemptContext, AttemptEnd } from './run-attempt.ts';
import type { Slots } from './slots.ts';
import { StartLine } from './start-line.ts';

export interface ClaimedMailServices {
  readonly clock: Clock;
  readonly log: Log;
  readonly release: Release;
  readonly flights: Flights;
  /** Deliver one message and write what became of it. */
  readonly attempt: (message: ClaimedMessage, context: AttemptContext) => Promise<AttemptEnd>;
}

/** What the dispatcher wants to hear of. */
export interface ClaimedMailListener {
  /** The lane has less in hand than before. */
  onRoom(lane: Lane): void;
  /** The last message of the lane that was in hand has ended. */
  onIdle(lane: Lane): void;
  /** These are in their lane again. */
  onGivenBack(lane: Lane, isImmediate: boolean): void;
  /** More may start by now. */
  onStallOver(): void;
}

/** What this engine has claimed: it waits for a slot, lane by lane in turns, and is sent, or is given back. */
export class ClaimedMail {
  readonly #s: ClaimedMailServices;
  readonly #slots: Slots;
  readonly #listener: ClaimedMailListener;
  /** Lanes of which a claimed message may start. */
  readonly #startable = new StartLine();
  readonly #running = new TransientSet<Promise<void>>();
  #buffered = 0;
  #begun = 0;
  /** Aborts waiting for connections, and for the database where something is to be given back. */
  #hard: AbortSignal = new AbortController().signal;
  /** Wakes the dispatcher when lanes that hold all slots may have stalled. */
  #stallTimer: Disposable | null = null;

  constructor(services: ClaimedMailServices, slots: Slots, listener: ClaimedMailListener) {
    this.#s = services;
    this.#slots = slots;
    this.#listener = listener;
  }

  /** Messages claimed and not begun. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Messages begun since the start. */
  get begun(): number {
    return this.#begun;
  }

  /** From now on `hard` breaks off what waits. */
  begin(hard: AbortSignal): void {
    this.#hard = hard;
    const stopAll = (): void => this.#s.flights.stopAll();
    if (hard.aborted) stopAll();
    else hard.addEventListener('abort', stopAll, { once: true });
  }

  add(lane: Lane, messages: readonly ClaimedMessage[]): void {
    for (const message of messages) this.#s.flights.add(message);
    this.#buffered += messages.length;
    lane.buffered.push(...messages);
    lane.buffered.sort(byRank);
    this.#slots.claimed(lane);
    this.#startable.update(lane);
  }

  /** Start what the slots allow, lane by lane. */
  startAll(): void {
    const taken = this.#slots.taken();
    const full: Lane[] = [];
    while (this.#slots.hasRoom(taken)) {
      const immediateOnly = this.#slots.isFullForNormal(taken);
      const lane = this.#startable.take(immediateOnly);
      if (lane === undefined) break;
      const next = lane.next(immediateOnly);
      const isImmediate = next?.priority === 0;
      if (next === undefined || !this.#slots.mayStart(lane, isImmediate, taken)) {
        full.push(lane);
        continue;
      }
      lane.buffered.splice(lane.buffered.indexOf(next), 1);
      this.#buffered -= 1;
      taken.running += 1;
      if (!isImmediate) taken.normal += 1;
      this.#start(lane, next);
      this.#startable.update(lane);
    }
    for (const lane of full) this.#startable.update(lane);
    if (full.length > 0 || this.#slots.isFullForNormal(taken)) this.#lookAgainWhenStalled();
  }

  /** Give back what matches of the messages that were not begun. */
  drop(lane: Lane, matches: (message: ClaimedMessage) => boolean = () => true): void {
    const dropped = lane.buffered.filter(matches);
    if (dropped.length === 0) return;
    const kept = lane.buffered.filter((message) => !matches(message));
    lane.buffered.splice(0, lane.buffered.length, ...kept);
    this.#buffered -= dropped.length;
    this.#listener.onRoom(lane);
    this.#startable.update(lane);
    // What somebody took away is not ours to give back.
    const ours = dropped.filter((message) => this.#s.flights.seal(message));
    for (const message of dropped) this.#s.flights.remove(message);
    this.track(giveBack(ours, this.#s, this.#hard).then(() => this.#listener.onGivenBack(lane, true)));
  }

  /** Resolves once all that runs has ended, and what is given back is written. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running.values());
  }

  /** Work that {@link ended} waits for. */
  track(work: Promise<void>): void {
    const running = work
      .catch((error: unknown) => this.#s.log.error({ err: error }, 'the dispatcher failed and goes on'))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #lookAgainWhenStalled(): void {
    const stallMs = this.#slots.nextStallMs;
    if (stallMs === null) return;
    this.#stallTimer ??= this.#s.clock.after(stallMs, () => {
      this.#stallTimer = null;
      this.#listener.onStallOver();
    });
  }

  #start(lane: Lane, message: ClaimedMessage): void {
    this.#begun += 1;
    this.track(this.#run(lane, message));
  }

  async #run(lane: Lane, message: ClaimedMessage): Promise<void> {
    const slot = this.#slots.begin(lane, message.priority === 0);
    const onJudged = (): void => {
      slot.leave();
      this.#hasRoom(lane);
    };
    try {
      await this.#attempt(lane, message, onJudged);
    } finally {
      slot.end();
      this.#s.flights.remove(message);
      this.#hasRoom(lane);
      if (lane.inHand === 0) this.#listener.onIdle(lane);
    }
  }

  #hasRoom(lane: Lane): void {
    this.#startable.update(lane);
    this.#listener.onRoom(lane);
  }

  async #attempt(lane: Lane, message: ClaimedMessage, onJudged: () => void): Promise<void> {
    const { attempt, log } = this.#s;
    try {
      if ((await attempt(message, { place: lane.order.next(), signal: this.#hard, onJudged })) !== 'unsent') return;
      await giveBack([message], this.#s, this.#hard);
      this.#listener.onGivenBack(lane, message.priority === 0);
    } catch (error) {
      // The outcome could not be written: the message stays leased until its session ends.
      log.error({ messagePk: message.pk, tenantId: message.tenant_id, err: error }, 'an outcome could not be written');
    }
  }
}
