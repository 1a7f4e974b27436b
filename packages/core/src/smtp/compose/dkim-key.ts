// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export const DKIM_ALGORITHMS = ['rsa-sha256', 'ed25519-sha256'] as const;
export type DkimAlgorithm = (typeof DKIM_ALGORITHMS)[number];

/** A private key as it is stored, and what is published of it. */
export interface DkimKeyMaterial {
  readonly algorithm: DkimAlgorithm;
  /** PKCS #8. */
  readonly pem: string;
  /** Base64 for the `p=` of the DNS record. */
  readonly publicKey: string;
}

export type DkimKeyResult =
  | { readonly ok: true; readonly key: DkimKeyMaterial }
  | { readonly ok: false; readonly reason: string };

/** RFC 8301 §3.2: verifiers take no shorter key. */
const MIN_RSA_BITS = 1_024;
/** RFC 8301 §3.2 asks verifiers for no longer one; beyond, one signature takes tens of milliseconds. */
const MAX_RSA_BITS = 4_096;
/** What RFC 8301 §3.2 recommends. */
const GENERATED_RSA_BITS = 2_048;
/** An SPKI of Ed25519 is a fixed prefix and the 32 octets that RFC 8463 §4 publishes. */
const ED25519_OCTETS = 32;

const generate = promisify(generateKeyPair);

/** Read a private key in PEM (PKCS #1 or PKCS #8, not encrypted). */
export function readDkimKey(pem: string): DkimKeyResult {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // The parser's only way to say no; its text may quote the key.
    return { ok: false, reason: 'it is not an unencrypted private key in PEM' };
  }
  if (key.asymmetricKeyType === 'ed25519') return { ok: true, key: materialOf(key, 'ed25519-sha256') };
  if (key.asymmetricKeyType !== 'rsa') return { ok: false, reason: 'it is neither an RSA nor an Ed25519 key' };
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_RSA_BITS) return { ok: false, reason: `an RSA key has at least ${MIN_RSA_BITS} bits` };
  if (bits > MAX_RSA_BITS) return { ok: false, reason: `an RSA key has at most ${MAX_RSA_BITS} bits` };
  return { ok: true, key: materialOf(key, 'rsa-sha256') };
}

/** Make a key pair. */
export async function generateDkimKey(kind: 'rsa' | 'ed25519'): Promise<DkimKeyMaterial> {
  if (kind === 'ed25519') return materialOf((await generate('ed25519')).privateKey, 'ed25519-sha256');
  return materialOf((await generate('rsa', { modulusLength: GENERATED_RSA_BITS })).privateKey, 'rsa-sha256');
}

/** The TXT record under `<selector>._domainkey.<domain>` (RFC 6376 §3.6.1, RFC 8463 §4). */
export function dkimRecord(key: Pick<DkimKeyMaterial, 'algorithm' | 'publicKey'>): string {
  return `v=DKIM1; k=${key.algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519'}; p=${key.publicKey}`;
}

function materialOf(privateKey: KeyObject, algorithm: DkimAlgorithm): DkimKeyMaterial {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const published = algorithm === 'rsa-sha256' ? spki : spki.subarray(-ED25519_OCTETS);
  return {
    algorithm,
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: published.toString('base64'),
  };
}
