// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ReadCertificate, readCertificate } from './certificate.ts';
import type { TrustAnchors } from './signature.types.ts';

/** Of one text. All of Italy's providers are some dozens, their certificates have about 3 KB. */
const MAX_CHARACTERS = 1024 * 1024;
const BEGIN = /-----BEGIN ([A-Z0-9 ]+)-----/g;

class AnchorSet implements TrustAnchors {
  readonly certificates: readonly ReadCertificate[];

  constructor(certificates: readonly ReadCertificate[]) {
    const all = new Map(certificates.map((certificate) => [certificate.fingerprint, certificate]));
    this.certificates = [...all.values()];
  }

  get count(): number {
    return this.certificates.length;
  }
}

/**
 * Read certificates in PEM: CAs, or certificates of providers themselves. What stands between them is passed by, the
 * same one twice counts once, no text at all is no anchors. One that has expired is taken: what came while it was valid can
 * still be verified.
 *
 * @throws TypeError that says what is wrong, and with which certificate
 */
export function parseTrustAnchors(pem: string): TrustAnchors {
  if (pem.length > MAX_CHARACTERS) throw new TypeError(`trust anchors are longer than ${MAX_CHARACTERS} characters`);
  const certificates: ReadCertificate[] = [];
  for (const { 1: label = '', index } of pem.matchAll(BEGIN)) {
    certificates.push(certificateAt(pem, index, { label, number: certificates.length + 1 }));
  }
  if (certificates.length === 0 && pem.trim() !== '') {
    throw new TypeError('trust anchors have no certificate: PEM with -----BEGIN CERTIFICATE----- is expected');
  }
  return new AnchorSet(certificates);
}

/** Those of both. */
export function mergeAnchors(a: TrustAnchors, b: TrustAnchors): TrustAnchors {
  return new AnchorSet([...anchorsOf(a), ...anchorsOf(b)]);
}

export function anchorsOf(anchors: TrustAnchors): readonly ReadCertificate[] {
  return anchors instanceof AnchorSet ? anchors.certificates : [];
}

function certificateAt(
  pem: string,
  index: number,
  { label, number }: { readonly label: string; readonly number: number },
): ReadCertificate {
  if (label !== 'CERTIFICATE') {
    const advice = label === 'PKCS7' ? ': openssl pkcs7 -print_certs takes the certificates out of it' : '';
    throw new TypeError(`trust anchor ${number} is a ${label}, no CERTIFICATE${advice}`);
  }
  const start = index + `-----BEGIN ${label}-----`.length;
  const end = pem.indexOf(`-----END ${label}-----`, start);
  const text = end === -1 ? '' : pem.slice(start, end).replace(/\s+/g, '');
  if (end === -1) throw new TypeError(`trust anchor ${number} has no -----END CERTIFICATE-----`);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new TypeError(`trust anchor ${number} is not base64`);
  try {
    return readCertificate(Buffer.from(text, 'base64'));
  } catch (cause) {
    throw new TypeError(`trust anchor ${number} is no X.509 certificate`, { cause });
  }
}
