// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { constants, type KeyObject, verify } from 'node:crypto';
import { type AlgorithmIdentifier, RSASSAPSSParams } from 'pkijs';

/**
 * SHA-1 is among them: the largest provider still signed with it in August 2023. Whoever would forge a receipt has to find
 * other content for a hash that a provider already signed, which nobody can. MD5 is not.
 */
export type Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512';

interface Scheme {
  readonly digest: Digest;
  readonly padding: 'pkcs1' | 'pss' | 'ecdsa';
  readonly saltLength?: number;
}

const DIGESTS: ReadonlyMap<string, Digest> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/** RFC 3370, 5754 and 5758: those that name their hash. */
const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['1.2.840.113549.1.1.5', { digest: 'sha1', padding: 'pkcs1' }],
  ['1.2.840.113549.1.1.11', { digest: 'sha256', padding: 'pkcs1' }],
  ['1.2.840.113549.1.1.12', { digest: 'sha384', padding: 'pkcs1' }],
  ['1.2.840.113549.1.1.13', { digest: 'sha512', padding: 'pkcs1' }],
  ['1.2.840.10045.4.1', { digest: 'sha1', padding: 'ecdsa' }],
  ['1.2.840.10045.4.3.2', { digest: 'sha256', padding: 'ecdsa' }],
  ['1.2.840.10045.4.3.3', { digest: 'sha384', padding: 'ecdsa' }],
  ['1.2.840.10045.4.3.4', { digest: 'sha512', padding: 'ecdsa' }],
]);
const RSA = '1.2.840.113549.1.1.1';
const RSA_PSS = '1.2.840.113549.1.1.10';
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';

export function digestOf({ algorithmId }: AlgorithmIdentifier): Digest | null {
  return DIGESTS.get(algorithmId) ?? null;
}

/**
 * How it was signed; null for what is not known, or too weak.
 *
 * @param digest of the content, which algorithms without a hash of their own go by
 */
export function schemeOf(algorithm: AlgorithmIdentifier, digest: Digest): Scheme | null {
  switch (algorithm.algorithmId) {
    case RSA:
      return { digest, padding: 'pkcs1' };
    case EC_PUBLIC_KEY:
      return { digest, padding: 'ecdsa' };
    case RSA_PSS:
      return pssOf(algorithm);
    default:
      return SCHEMES.get(algorithm.algorithmId) ?? null;
  }
}

/** RFC 4055, 3.1. Node has one hash for both places. */
function pssOf({ algorithmParams }: AlgorithmIdentifier): Scheme | null {
  const parameters = new RSASSAPSSParams({ schema: algorithmParams });
  const digest = digestOf(parameters.hashAlgorithm);
  const mask = DIGESTS.get(maskDigestOf(parameters));
  return digest === null || mask !== digest ? null : { digest, padding: 'pss', saltLength: parameters.saltLength };
}

/** The parameter of MGF1 is an AlgorithmIdentifier, whose first part is the hash. */
function maskDigestOf({ maskGenAlgorithm }: RSASSAPSSParams): string {
  return String(maskGenAlgorithm.algorithmParams?.valueBlock?.value?.[0]?.valueBlock ?? '');
}

/** @throws whatever OpenSSL throws over bytes that are no signature of this kind */
export function isSignature(scheme: Scheme, data: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  const { digest, padding, saltLength } = scheme;
  const type = key.asymmetricKeyType;
  switch (padding) {
    case 'ecdsa':
      return type === 'ec' && verify(digest, data, { key, dsaEncoding: 'der' }, signature);
    case 'pkcs1':
      return type === 'rsa' && verify(digest, data, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
    case 'pss': {
      const options = {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        ...(saltLength !== undefined && { saltLength }),
      };
      return (type === 'rsa' || type === 'rsa-pss') && verify(digest, data, options, signature);
    }
    default:
      return padding satisfies never;
  }
}
