// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Claim, type ClaimedMessage, ClaimInDoubt } from '../queue/claim.ts';
import type { Release } from '../queue/release.ts';
import { type GiveBackServices, giveBack } from './give-back.ts';

export interface CarefulClaimsServices extends GiveBackServices {
  readonly claim: Claim;
  /** Gives back what a claim in doubt may have taken. */
  readonly takeBack: Release;
}

/**
 * Claims of which none leaves anything behind. What a claim in doubt may have taken belongs to this session and is in
 * nobody's hands, so it is given back; until it is, nothing more is claimed, for it might be the same messages.
 */
export class CarefulClaims {
  readonly #s: CarefulClaimsServices;
  readonly #running = new Set<Promise<unknown>>();
  /** What claims got that were under way when another fell into doubt. */
  readonly #sinceDoubt = new Set<string>();
  #clearing: Promise<void> | null = null;

  constructor(services: CarefulClaimsServices) {
    this.#s = services;
  }

  /**
   * @param signal ends the wait for the database
   * @throws {ClaimInDoubt} what it may have taken is given back
   */
  async claim(lanes: Parameters<Claim>[0], options: Parameters<Claim>[1], signal: AbortSignal): ReturnType<Claim> {
    while (this.#clearing !== null) await this.#clearing;
    const claiming = this.#s.claim(lanes, options);
    const running = claiming.then(
      () => undefined,
      () => undefined,
    );
    this.#running.add(running);
    try {
      const claimed = await claiming;
      if (this.#clearing !== null) for (const { pk } of claimed.flat()) this.#sinceDoubt.add(pk);
      return claimed;
    } catch (error) {
      if (error instanceof ClaimInDoubt) this.#clear(error.messages, signal);
      throw error;
    } finally {
      this.#running.delete(running);
    }
  }

  #clear(messages: readonly ClaimedMessage[], signal: AbortSignal): void {
    const before = this.#clearing;
    const clearing = this.#takeBack(messages, before, signal).finally(() => {
      if (this.#clearing !== clearing) return;
      this.#clearing = null;
      this.#sinceDoubt.clear();
    });
    this.#clearing = clearing;
  }

  async #takeBack(
    messages: readonly ClaimedMessage[],
    before: Promise<void> | null,
    signal: AbortSignal,
  ): Promise<void> {
    await before;
    await Promise.all(this.#running);
    const nobodys = messages.filter(({ pk }) => !this.#sinceDoubt.has(pk));
    await giveBack(nobodys, { ...this.#s, release: this.#s.takeBack }, signal);
  }
}
