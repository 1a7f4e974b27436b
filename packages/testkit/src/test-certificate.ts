// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** PEM texts, as `node:tls` takes them. */
export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface TestCertificateOptions {
  /**
   * DNS names and IPv4 addresses of the subject; the first is its common name too.
   * @defaultValue ['localhost', '127.0.0.1']
   */
  readonly names?: readonly string[];
  /** @defaultValue one day ago */
  readonly validFrom?: Date;
  /** A date in the past makes an expired certificate. @defaultValue in one year */
  readonly validTo?: Date;
  /** Who signs it, made by {@link createTestCertificate} with `authority: true`. @defaultValue self-signed */
  readonly issuer?: TestAuthority;
}

/** A certificate that may sign others. */
export interface TestAuthority extends TestCertificate {
  readonly commonName: string;
  readonly privateKey: KeyObject;
}

const DAY_MS = 86_400_000;

/** Make a key and a certificate for a TLS server of a test (ECDSA P-256). */
export function createTestCertificate(options: TestCertificateOptions = {}): TestCertificate {
  const { names = ['localhost', '127.0.0.1'], issuer } = options;
  const commonName = names[0] ?? 'localhost';
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subjectAltName = sequence(...names.map((name) => (isIPv4(name) ? ipName(name) : tlv(0x82, Buffer.from(name)))));
  const extensions = [extension('2.5.29.17', subjectAltName)];
  return issue({ commonName, pair, extensions, options, issuer });
}

/** Make a certificate authority: pass it as `issuer`, and its `cert` as `ca` to the client that shall trust it. */
export function createTestAuthority(commonName = 'Test authority'): TestAuthority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = extension('2.5.29.19', sequence(tlv(0x01, Buffer.of(0xff))), { critical: true });
  const issued = issue({ commonName, pair, extensions: [isAuthority], options: {}, issuer: undefined });
  return { ...issued, commonName, privateKey: pair.privateKey };
}

interface Request {
  readonly commonName: string;
  readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly extensions: readonly Buffer[];
  readonly options: TestCertificateOptions;
  readonly issuer: TestAuthority | undefined;
}

/** Encode and sign. @see RFC 5280, 4.1 for the structure, RFC 5758, 3.2 for the algorithm */
function issue({ commonName, pair, extensions, options, issuer }: Request): TestCertificate {
  const now = Date.now();
  const algorithm = sequence(objectId('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))), // version 3
    tlv(0x02, Buffer.concat([Buffer.of(0x01), randomBytes(15)])), // serial number: positive, unique
    algorithm,
    distinguishedName(issuer?.commonName ?? commonName),
    sequence(time(options.validFrom ?? new Date(now - DAY_MS)), time(options.validTo ?? new Date(now + 365 * DAY_MS))),
    distinguishedName(commonName),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', toBeSigned, issuer?.privateKey ?? pair.privateKey);
  const der = sequence(toBeSigned, algorithm, tlv(0x03, Buffer.concat([Buffer.of(0), signature])));
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`,
  };
}

/** One DER element: tag, length, content. */
function tlv(tag: number, content: Buffer): Buffer {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const septets = [arc & 0x7f];
  for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80);
  return septets;
}

function distinguishedName(commonName: string): Buffer {
  const attribute = sequence(objectId('2.5.4.3'), tlv(0x0c, Buffer.from(commonName)));
  return sequence(tlv(0x31, attribute));
}

/** UTCTime, whose two digits of the year reach from 1950 to 2049. */
function time(date: Date): Buffer {
  return tlv(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
}

function ipName(address: string): Buffer {
  return tlv(0x87, Buffer.from(address.split('.').map(Number)));
}

function extension(id: string, value: Buffer, { critical = false } = {}): Buffer {
  const mark = critical ? [tlv(0x01, Buffer.of(0xff))] : [];
  return sequence(objectId(id), ...mark, tlv(0x04, value));
}
