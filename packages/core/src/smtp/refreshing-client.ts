// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { SmtpConnectError } from './session.types.ts';
import type { OAuthClient, TokenAnswer } from './token-request.ts';

/**
 * Where refresh tokens are kept. An endpoint may hand out a new one with each use and forget the old (RFC 6749 §6), so
 * what was used last has to outlive this process and to be known to others.
 */
export interface RefreshTokens {
  /** The one that is stored now; null where that cannot be said. */
  current(ownerPk: string): Promise<string | null>;
  /** Put `next` in the place of `used`. @returns false where that has to be tried again */
  replace(ownerPk: string, used: string, next: string): Promise<boolean>;
}

/** A refresh token that came in the place of the stored one, and is not stored yet. */
interface Replacement {
  readonly used: string;
  readonly next: string;
}

/** The settings with which one account asks its endpoint, always with the refresh token that is valid now. */
export class RefreshingClient {
  readonly #ownerPk: string;
  readonly #settings: OAuthClient;
  readonly #store: RefreshTokens | null;
  /** The last one that is known, for when the store cannot say. */
  #last: string | null;
  #unkept: Replacement | null = null;
  #keeping: Promise<void> | null = null;

  constructor(ownerPk: string, settings: OAuthClient, store: RefreshTokens | null) {
    this.#ownerPk = ownerPk;
    this.#settings = settings;
    this.#store = store;
    this.#last = settings.refreshToken ?? null;
  }

  /**
   * Ask the endpoint, and keep the refresh token that it may give before the answer is used: from then on the old one
   * may be void.
   */
  async use(ask: (client: OAuthClient) => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const used = await this.#current();
    try {
      return await this.#ask(ask, used);
    } catch (error) {
      // Another instance may have used it first, and stored what it got.
      if (!isRefusal(error)) throw error;
      const current = await this.#current();
      if (current === used) throw error;
      return this.#ask(ask, current);
    }
  }

  /** Store what could not be stored so far. */
  async keep(): Promise<void> {
    if (this.#unkept === null || this.#store === null) return;
    this.#keeping ??= this.#keep(this.#store, this.#unkept).finally(() => {
      this.#keeping = null;
    });
    await this.#keeping;
  }

  async #keep(store: RefreshTokens, { used, next }: Replacement): Promise<void> {
    if (await store.replace(this.#ownerPk, used, next)) this.#unkept = null;
  }

  async #ask(ask: (client: OAuthClient) => Promise<TokenAnswer>, refreshToken: string | null): Promise<TokenAnswer> {
    const answer = await ask(refreshToken === null ? this.#settings : { ...this.#settings, refreshToken });
    const next = answer.refreshToken;
    if (refreshToken === null || next === null || next === refreshToken) return answer;
    this.#last = next;
    if (this.#store !== null) {
      // What is being stored decides which one this comes in the place of.
      await this.#keeping;
      this.#unkept = { used: this.#unkept?.used ?? refreshToken, next };
      await this.keep();
    }
    return answer;
  }

  async #current(): Promise<string | null> {
    if (this.#last === null || this.#store === null) return this.#last;
    const stored = await this.#store.current(this.#ownerPk);
    // What lies there is the one that was replaced already.
    if (stored === null || stored === this.#unkept?.used) return this.#last;
    this.#unkept = null;
    this.#last = stored;
    return stored;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof SmtpConnectError && error.reply !== null;
}
