// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../../errors.ts';

const RETRY_AFTER_MS = 1_000;

/** Requests with a key that this process is handling. What other processes handle is told apart by the database. */
export class KeysInFlight {
  readonly #keys = new Set<string>();

  /**
   * Disposing of what is returned ends it.
   *
   * @throws {MailProxyError} `idempotency_key_in_flight`
   */
  enter(scope: string, key: string): Disposable {
    const name = `${scope} ${key}`;
    if (this.#keys.has(name)) throw new MailProxyError('idempotency_key_in_flight', { retryAfterMs: RETRY_AFTER_MS });
    this.#keys.add(name);
    return { [Symbol.dispose]: () => void this.#keys.delete(name) };
  }
}
