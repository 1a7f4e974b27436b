// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect } from 'vitest';
import type { MessageResult, MessageState } from '../src/entities/message/message-state.ts';
import { rankOf } from '../src/queue/rank.ts';
import { STEP_MS } from './conformance/store-world.case.ts';

/** What the queue should know of a message. */
export interface ModelMessage {
  readonly pk: string;
  readonly priority: number;
  /** Due when it was accepted and complete, so that it waited for nothing before its first attempt. */
  readonly isImmediatelyDue: boolean;
  readonly acceptedAt: number;
  state: MessageState;
  result: MessageResult | null;
  eligibleAt: number;
  rank: number;
  owner: number | null;
  attempts: number;
  /** Steps until it is ready: attachments that are not there, and one where mixins are to be asked. */
  unfetched: number;
  /** Mixins are to be asked once all attachments are there. */
  readonly asksMixins: boolean;
  events: number;
}

/** The queue as plain values: one account, a handful of sessions. */
export class QueueModel {
  readonly messages: ModelMessage[] = [];
  /** Sessions that live; a slot gets a new one when its session dies. */
  readonly sessions: number[];
  readonly dead: number[] = [];
  /** In the order in which messages were claimed for the first time. */
  readonly firstClaims: ModelMessage[] = [];

  constructor(sessions: readonly number[]) {
    this.sessions = [...sessions];
  }

  accept(
    message: Pick<ModelMessage, 'pk' | 'priority' | 'eligibleAt' | 'unfetched' | 'asksMixins'>,
    now: number,
  ): void {
    const isDue = message.eligibleAt <= now;
    this.messages.push({
      ...message,
      isImmediatelyDue: isDue && message.unfetched === 0,
      acceptedAt: now,
      state: isDue ? dueStateOf(message) : 'deferred',
      result: null,
      rank: rankOf(message.eligibleAt, message.priority, STEP_MS),
      owner: null,
      attempts: 0,
      events: 0,
    });
  }

  promote(now: number): number {
    const due = this.messages.filter(({ state, eligibleAt }) => state === 'deferred' && eligibleAt <= now);
    for (const message of due) {
      message.state = dueStateOf(message);
      message.rank = rankOf(message.eligibleAt, message.priority, STEP_MS);
    }
    return due.length;
  }

  claim(session: number, quota: number, immediateOnly: boolean): readonly ModelMessage[] {
    if (this.dead.includes(session)) return [];
    const claimed = this.messages
      .filter(({ state, priority }) => state === 'ready' && (priority === 0 || !immediateOnly))
      .toSorted((a, b) => a.rank - b.rank || (a.pk < b.pk ? -1 : 1))
      .slice(0, quota);
    for (const message of claimed) {
      if (!this.firstClaims.includes(message)) this.firstClaims.push(message);
      message.state = 'leased';
      message.owner = session;
    }
    return claimed;
  }

  /** @returns whether the session may settle it */
  settle(message: ModelMessage, session: number, end: Pick<ModelMessage, 'state' | 'result' | 'eligibleAt'>): boolean {
    if (message.state !== 'leased' || message.owner !== session || this.dead.includes(session)) return false;
    Object.assign(message, end, { owner: null, attempts: message.attempts + 1, events: message.events + 1 });
    return true;
  }

  release(message: ModelMessage, session: number): void {
    if (message.state !== 'leased' || message.owner !== session) return;
    message.state = 'ready';
    message.owner = null;
  }

  /** @returns whether nobody is sending it */
  cancel(message: ModelMessage): boolean {
    if (message.state === 'leased' || message.state === 'final') return false;
    Object.assign(message, { state: 'final', result: 'cancelled', owner: null, events: message.events + 1 });
    return true;
  }

  /** Begin to fetch for messages. */
  take(session: number, quota: number): readonly ModelMessage[] {
    if (this.dead.includes(session)) return [];
    const taken = this.messages
      .filter(({ state, owner }) => state === 'preparing' && owner === null)
      .toSorted((a, b) => a.rank - b.rank || (a.pk < b.pk ? -1 : 1))
      .slice(0, quota);
    for (const message of taken) message.owner = session;
    return taken;
  }

  /** A file is there, or mixins have answered. @returns whether the session may write of it, and whether it is ready by that */
  step(message: ModelMessage, session: number): { readonly isOwner: boolean; readonly isReady: boolean } {
    if (!this.#mayPrepare(message, session)) return { isOwner: false, isReady: false };
    message.unfetched -= 1;
    const isReady = message.unfetched === 0;
    if (isReady) Object.assign(message, { state: 'ready', owner: null });
    return { isOwner: true, isReady };
  }

  /** @returns whether the session may put it off */
  putOff(message: ModelMessage, session: number, eligibleAt: number): boolean {
    if (!this.#mayPrepare(message, session)) return false;
    Object.assign(message, { state: 'deferred', eligibleAt, owner: null, events: message.events + 1 });
    return true;
  }

  #mayPrepare({ state, owner }: ModelMessage, session: number): boolean {
    return state === 'preparing' && owner === session && !this.dead.includes(session);
  }

  /** @returns those that were being sent; those that were being prepared go on without a word */
  rescue(session: number): readonly ModelMessage[] {
    for (const message of this.messages) {
      if (message.state === 'preparing' && message.owner === session) message.owner = null;
    }
    const held = this.messages.filter(({ state, owner }) => state === 'leased' && owner === session);
    for (const message of held) {
      Object.assign(message, {
        state: 'ready',
        owner: null,
        attempts: message.attempts + 1,
        events: message.events + 1,
      });
    }
    return held;
  }

  /** What always holds of the order in which first attempts start. */
  expectFairOrder(): void {
    const started = this.firstClaims.filter(({ isImmediatelyDue }) => isImmediatelyDue);
    for (const [place, message] of started.entries()) {
      for (const earlier of started.slice(0, place)) {
        const overtakes = earlier.pk > message.pk;
        if (earlier.priority === message.priority) expect(overtakes, 'overtaken within a level').toBe(false);
        if (overtakes && earlier.priority > 0) {
          // High and low lie two steps apart.
          expect(earlier.acceptedAt - message.acceptedAt).toBeLessThan(2 * STEP_MS);
        }
      }
    }
  }
}

function dueStateOf({ unfetched }: Pick<ModelMessage, 'unfetched'>): MessageState {
  return unfetched > 0 ? 'preparing' : 'ready';
}
