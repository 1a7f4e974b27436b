// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError, siteOf } from '@mail-proxy/core';

/** How many answers to people without a token may be under way. */
export interface OpenAnswerLimits {
  readonly maxOpen: number;
  /** Of those, to one address. */
  readonly maxOpenPerClient: number;
}

/** By then some of them have ended. */
const RETRY_AFTER_MS = 5_000;

/** Answers that are under way: each may hold a connection to a storage, for as long as its client takes. */
export class OpenAnswers {
  readonly #limits: OpenAnswerLimits;
  readonly #perClient = new Map<string, number>();
  #open = 0;

  constructor(limits: OpenAnswerLimits) {
    this.#limits = limits;
  }

  /**
   * Have a place until it is disposed of.
   *
   * @param address - of the client; whose is unknown share one, and so do those of a network of IPv6, who have any number
   * @throws {MailProxyError} `rate_limited`
   */
  take(address = ''): Disposable {
    const client = siteOf(address);
    const own = this.#perClient.get(client) ?? 0;
    if (own >= this.#limits.maxOpenPerClient) throw full('your address has as many open as it may');
    if (this.#open >= this.#limits.maxOpen) throw full('as many are open as may be');
    this.#open += 1;
    this.#perClient.set(client, own + 1);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#leave(client);
      },
    };
  }

  #leave(client: string): void {
    this.#open -= 1;
    const left = (this.#perClient.get(client) ?? 1) - 1;
    if (left === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, left);
  }
}

function full(detail: string): MailProxyError {
  return new MailProxyError('rate_limited', { detail, retryAfterMs: RETRY_AFTER_MS });
}
