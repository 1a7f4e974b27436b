// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

/** A key and its certificate. */
export interface Identity {
  readonly certificate: pkijs.Certificate;
  readonly der: Buffer;
  readonly pem: string;
  readonly keys: Keys;
  /** Null: itself. */
  readonly issuer: Identity | null;
}

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export type Hash = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface CertificateOptions {
  /** @defaultValue somebody */
  readonly commonName?: string;
  /** Of subjectAltName. @defaultValue none */
  readonly emails?: readonly string[];
  /** emailAddress of the subject. @defaultValue none */
  readonly subjectEmail?: string;
  /** @defaultValue a new one on P-256 */
  readonly keys?: Keys;
  /** @defaultValue itself */
  readonly issuer?: Identity;
  /** What it says of its issuer. @defaultValue the issuer's subject */
  readonly issuerName?: string;
  /** @defaultValue since 2020 */
  readonly validFrom?: Date;
  /** @defaultValue until 2049 */
  readonly validTo?: Date;
  /** With what its issuer signs it. @defaultValue sha256 */
  readonly hash?: Hash;
  /** A CA; with a number, so many may stand below it. @defaultValue false */
  readonly isCa?: boolean | number;
  /** Bits of the first byte; null leaves it out. @defaultValue what a CA, or else one who signs, needs */
  readonly keyUsage?: number | null;
  /** OIDs; null leaves it out. @defaultValue emailProtection, none of a CA */
  readonly purposes?: readonly string[] | null;
  readonly nameConstraints?: NameConstraintOptions;
  /** As they are, after the others. */
  readonly extensions?: readonly pkijs.Extension[];
}

export interface NameConstraintOptions {
  readonly permitted?: readonly pkijs.GeneralName[];
  readonly excluded?: readonly pkijs.GeneralName[];
}

export const EMAIL_PROTECTION = '1.3.6.1.5.5.7.3.4';
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const SIGNS = 0x80;
export const ENCRYPTS = 0x20;
export const SIGNS_CERTIFICATES = 0x04;

const DIGEST_IDS: Readonly<Record<Hash, string>> = {
  md5: '1.2.840.113549.2.5',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const RSA_IDS: Readonly<Record<Hash, string>> = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};
const ECDSA_IDS: Readonly<Partial<Record<Hash, string>>> = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};

export function ecKeys(namedCurve = 'P-256'): Keys {
  return generateKeyPairSync('ec', { namedCurve });
}

/** The first of each size is made, and then used again: RSA keys take long. */
export function rsaKeys(bits = 2048): Keys {
  const keys = madeRsaKeys.get(bits) ?? generateKeyPairSync('rsa', { modulusLength: bits });
  madeRsaKeys.set(bits, keys);
  return keys;
}
const madeRsaKeys = new Map<number, Keys>();

export function createCa(options: CertificateOptions = {}): Identity {
  return createCertificate({ commonName: 'Test CA', isCa: true, ...options });
}

export function createCertificate(options: CertificateOptions = {}): Identity {
  const { keys = ecKeys(), issuer, hash = 'sha256', commonName = 'somebody' } = options;
  const certificate = new pkijs.Certificate();
  certificate.version = 2; // which is called 3
  certificate.serialNumber = new asn1js.Integer({ valueHex: bytesOf(Buffer.concat([Buffer.of(1), randomBytes(15)])) });
  certificate.subject = nameOf(commonName, options.subjectEmail);
  const itsIssuer = issuer?.certificate.subject ?? certificate.subject;
  certificate.issuer = options.issuerName === undefined ? itsIssuer : nameOf(options.issuerName);
  certificate.notBefore = timeOf(options.validFrom ?? new Date('2020-01-01T00:00:00Z'));
  certificate.notAfter = timeOf(options.validTo ?? new Date('2049-12-31T23:59:59Z'));
  certificate.subjectPublicKeyInfo = pkijs.PublicKeyInfo.fromBER(
    bytesOf(keys.publicKey.export({ type: 'spki', format: 'der' })),
  );
  certificate.extensions = [...extensionsOf(options), ...(options.extensions ?? [])];
  const signing = (issuer?.keys ?? keys).privateKey;
  certificate.signature = signatureAlgorithm(signing, hash);
  certificate.signatureAlgorithm = certificate.signature;
  const tbs = Buffer.from(certificate.encodeTBS().toBER());
  certificate.tbsView = new Uint8Array(tbs);
  certificate.signatureValue = new asn1js.BitString({ valueHex: bytesOf(sign(hash, tbs, signing)) });
  const der = Buffer.from(certificate.toSchema(true).toBER());
  return { certificate: pkijs.Certificate.fromBER(bytesOf(der)), der, pem: pemOf(der), keys, issuer: issuer ?? null };
}

/** Those from the one up to the root, which comes last. */
export function chainOf(identity: Identity): readonly Identity[] {
  return identity.issuer === null ? [identity] : [identity, ...chainOf(identity.issuer)];
}

export function signatureAlgorithm(key: KeyObject, hash: Hash): pkijs.AlgorithmIdentifier {
  if (key.asymmetricKeyType === 'ec') return new pkijs.AlgorithmIdentifier({ algorithmId: ECDSA_IDS[hash] ?? '' });
  return new pkijs.AlgorithmIdentifier({ algorithmId: RSA_IDS[hash], algorithmParams: new asn1js.Null() });
}

export function digestAlgorithm(hash: Hash): pkijs.AlgorithmIdentifier {
  return new pkijs.AlgorithmIdentifier({ algorithmId: DIGEST_IDS[hash], algorithmParams: new asn1js.Null() });
}

export function emailName(value: string): pkijs.GeneralName {
  return new pkijs.GeneralName({ type: 1, value });
}

export function extension(extnID: string, value: asn1js.BaseBlock, critical = false): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });
}

/** A copy in memory of its own, as asn1js wants it. */
export function bytesOf(buffer: Uint8Array): ArrayBuffer {
  return new Uint8Array(buffer).buffer;
}

export function nameOf(commonName: string, email?: string): pkijs.RelativeDistinguishedNames {
  const parts: readonly (readonly [type: string, value: asn1js.AsnType])[] = [
    ['2.5.4.6', new asn1js.PrintableString({ value: 'IT' })],
    ['2.5.4.3', new asn1js.Utf8String({ value: commonName })],
    ...(email === undefined ? [] : [['1.2.840.113549.1.9.1', new asn1js.IA5String({ value: email })] as const]),
  ];
  const sets = parts.map(([type, value]) => {
    const attribute = new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: type }), value] });
    return new asn1js.Set({ value: [attribute] });
  });
  return pkijs.RelativeDistinguishedNames.fromBER(new asn1js.Sequence({ value: sets }).toBER());
}

function extensionsOf(options: CertificateOptions): pkijs.Extension[] {
  const { isCa = false, emails = [], nameConstraints } = options;
  const { keyUsage = isCa === false ? SIGNS : SIGNS_CERTIFICATES } = options;
  const { purposes = isCa === false ? [EMAIL_PROTECTION] : null } = options;
  const constraints = {
    cA: isCa !== false,
    ...(typeof isCa === 'number' && { pathLenConstraint: isCa }),
  };
  const all: pkijs.Extension[] = [];
  if (isCa !== false) all.push(extension('2.5.29.19', new pkijs.BasicConstraints(constraints).toSchema(), true));
  if (keyUsage !== null) all.push(extension('2.5.29.15', bits(keyUsage), true));
  if (purposes !== null) {
    all.push(extension('2.5.29.37', new pkijs.ExtKeyUsage({ keyPurposes: [...purposes] }).toSchema()));
  }
  if (emails.length > 0) {
    all.push(extension('2.5.29.17', new pkijs.GeneralNames({ names: emails.map(emailName) }).toSchema()));
  }
  if (nameConstraints !== undefined) all.push(nameConstraintsExtension(nameConstraints));
  return all;
}

function nameConstraintsExtension({ permitted, excluded }: NameConstraintOptions): pkijs.Extension {
  const subtrees = (names: readonly pkijs.GeneralName[]) => names.map((base) => new pkijs.GeneralSubtree({ base }));
  const constraints = new pkijs.NameConstraints({
    ...(permitted && { permittedSubtrees: subtrees(permitted) }),
    ...(excluded && { excludedSubtrees: subtrees(excluded) }),
  });
  return extension('2.5.29.30', constraints.toSchema(), true);
}

function bits(byte: number): asn1js.BitString {
  let unusedBits = 0;
  while (unusedBits < 8 && ((byte >> unusedBits) & 1) === 0) unusedBits += 1;
  return new asn1js.BitString({ valueHex: Uint8Array.of(byte).buffer, unusedBits });
}

function timeOf(value: Date): pkijs.Time {
  return new pkijs.Time({ type: 0, value });
}

function pemOf(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}
