// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import { type Claim, type ClaimedMessage, ClaimInDoubt } from '../queue/claim.ts';
import type { Release } from '../queue/release.ts';
import { TransientSet } from '../transient.ts';

export interface CarefulClaimsServices {
  readonly claim: Claim;
  /** Gives back what a claim in doubt may have taken. */
  readonly takeBack: Release;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between two tries to give back: as long as the server is at the claim, each fails. */
const RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/**
 * Claims of which none leaves anything behind. What a claim in doubt may have taken belongs to this session and is in
 * nobody's hands, so it is given back. Since it may not have happened, later claims may get the same messages: what
 * they got is not given back, and none is under way while something is.
 */
export class CarefulClaims {
  readonly #s: CarefulClaimsServices;
  readonly #running = new TransientSet<Promise<unknown>>();
  /** What may be leased to this session and is in nobody's hands. */
  readonly #inDoubt = new Map<string, ClaimedMessage>();
  /** A try to give back that is under way, however it ends. */
  #trying: Promise<unknown> | null = null;
  #takingBack: Promise<void> | null = null;

  constructor(services: CarefulClaimsServices) {
    this.#s = services;
  }

  /**
   * @param signal ends the tries to give back; what is left comes back with the end of the session
   * @throws {ClaimInDoubt} what it may have taken is given back
   */
  async claim(lanes: Parameters<Claim>[0], options: Parameters<Claim>[1], signal: AbortSignal): ReturnType<Claim> {
    while (this.#trying !== null) await this.#trying;
    const claiming = this.#s.claim(lanes, options);
    const running = claiming.then(
      (claimed) => {
        for (const { pk } of claimed.flat()) this.#inDoubt.delete(pk);
      },
      (error: unknown) => {
        if (error instanceof ClaimInDoubt) for (const message of error.messages) this.#inDoubt.set(message.pk, message);
      },
    );
    this.#running.add(running);
    try {
      return await claiming;
    } finally {
      await running;
      this.#running.delete(running);
      if (this.#inDoubt.size > 0) this.#takingBack ??= this.#takeAllBack(signal);
    }
  }

  /** Resolves once nothing is in doubt, or nothing can be done about it any more. */
  async settled(): Promise<void> {
    await this.#takingBack;
  }

  async #takeAllBack(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#s;
    for (let pauseMs = RETRY_MS; this.#inDoubt.size > 0; pauseMs = Math.min(2 * pauseMs, MAX_RETRY_MS)) {
      const attempt = this.#takeBack();
      this.#trying = Promise.allSettled([attempt]);
      try {
        await attempt;
      } catch (error) {
        const messages = this.#inDoubt.size;
        if (!isMailProxyError(error) || signal.aborted) {
          log.error({ messages, err: error }, 'messages of a claim in doubt could not be given back');
          this.#inDoubt.clear();
          break;
        }
        log.warn({ messages, code: error.code }, 'messages of a claim in doubt wait to be given back');
      } finally {
        this.#trying = null;
      }
      if (this.#inDoubt.size > 0) await clock.sleep(pauseMs, signal);
    }
    // In the turn in which nothing is in doubt any more, so that what comes into doubt next begins anew.
    this.#takingBack = null;
  }

  async #takeBack(): Promise<void> {
    await Promise.all(this.#running.values());
    const messages = [...this.#inDoubt.values()];
    await this.#s.takeBack(messages, this.#s.clock.now());
    for (const { pk } of messages) this.#inDoubt.delete(pk);
  }
}
