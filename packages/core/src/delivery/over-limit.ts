// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Claim, ClaimedMessage } from '../queue/claim.ts';
import type { Lane } from './lane.ts';

export interface OverLimitServices {
  readonly clock: Clock;
  readonly keeper: { readonly number: number };
  readonly claim: Claim;
  /** Fail a message that is over the limit of an account that rejects, and write that. */
  readonly reject: (message: ClaimedMessage) => Promise<void>;
}

/** Messages over the limit that are failed at once. */
const REJECT_BATCH = 100;

/**
 * Fails what an account with `limit_behavior: reject` may not send: together, without a turn and without a connection.
 * What finds the limit full only of messages in flight waits, since those may fail and leave it to others.
 */
export class OverLimit {
  readonly #s: OverLimitServices;
  readonly #hasSpentLimit: (lane: Lane) => boolean;
  readonly #rejecting = new Set<Lane>();

  constructor(services: OverLimitServices, hasSpentLimit: (lane: Lane) => boolean) {
    this.#s = services;
    this.#hasSpentLimit = hasSpentLimit;
  }

  /** Fail all that is ready in the lane while its limit is spent; null where it rejects nothing, or does so already. */
  reject(lane: Lane): Promise<void> | null {
    if (lane.settings.limitBehavior !== 'reject' || !this.#hasSpentLimit(lane) || this.#rejecting.has(lane))
      return null;
    return this.#rejectAll(lane);
  }

  async #rejectAll(lane: Lane): Promise<void> {
    const { claim, clock, keeper, reject } = this.#s;
    const { accountPk, tenantId } = lane;
    this.#rejecting.add(lane);
    try {
      while (this.#hasSpentLimit(lane)) {
        const arrivals = lane.arrivals;
        const [messages = []] = await claim([{ accountPk, tenantId, quota: REJECT_BATCH, limits: null }], {
          session: keeper.number,
          now: clock.now(),
          immediateOnly: false,
        });
        await Promise.all(messages.map(reject));
        if (messages.length < REJECT_BATCH && lane.arrivals === arrivals) return;
      }
    } finally {
      // In the same turn as the last look at the arrivals: a message that comes later finds nobody at work.
      this.#rejecting.delete(lane);
    }
  }
}
