// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type KeyObject, X509Certificate } from 'node:crypto';
import * as asn1js from 'asn1js';
import { AltName, BasicConstraints, Certificate, type Extension, ExtKeyUsage, NameConstraints } from 'pkijs';
import { oneLine } from '../../mail/one-line.ts';
import type { Signer } from './signature.types.ts';
import { schemeOf } from './signature-algorithm.ts';

/** One certificate as two libraries read it: Node has keys and signatures, PKI.js the extensions that Node hides. */
export interface ReadCertificate {
  readonly native: X509Certificate;
  readonly parsed: Certificate;
  readonly key: KeyObject;
  /** SHA-256, hex. */
  readonly fingerprint: string;
}

const EXTENSIONS = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
} as const;

const LOOKED_AT: ReadonlySet<string> = new Set(Object.values(EXTENSIONS));
/** Of RFC 5280, 4.2.1, which PKI.js looks at. */
const POLICIES: ReadonlySet<string> = new Set(['2.5.29.32', '2.5.29.33', '2.5.29.36', '2.5.29.54']);

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';
const RFC822_NAME = 1;
const EMAIL_PROTECTION = '1.3.6.1.5.5.7.3.4';
const ANY_PURPOSE = '2.5.29.37.0';
/** Of the first byte of keyUsage: digitalSignature, contentCommitment. */
const SIGNS = 0x80 | 0x40;

/** The largest that was factored in public has 829 (RSA-250, 2020); providers have 2,048. */
const MIN_RSA_BITS = 1024;

/** @throws whatever the libraries throw, when they cannot read it */
export function readCertificate(der: Uint8Array): ReadCertificate {
  const native = new X509Certificate(der);
  const fingerprint = native.fingerprint256.replaceAll(':', '').toLowerCase();
  return { native, parsed: Certificate.fromBER(der), key: native.publicKey, fingerprint };
}

export function signerOf(certificate: ReadCertificate): Signer {
  const { native, fingerprint } = certificate;
  return {
    subject: nameOf(native.subject),
    issuer: nameOf(native.issuer),
    serialNumber: native.serialNumber.toLowerCase(),
    emails: emailsOf(certificate),
    fingerprint,
  };
}

/** Node has one line for each part, escaped as in RFC 4514, which has them the other way round. Whoever made it up may have made it long. */
function nameOf(lines: string | undefined): string {
  return oneLine((lines ?? '').split('\n').reverse().join(',').replaceAll(' + ', '+'));
}

/** Lower case. Addresses of the subject count only where subjectAltName has none (RFC 8550, 3). */
export function emailsOf({ parsed }: ReadCertificate): readonly string[] {
  const names = extensionOf(parsed, EXTENSIONS.subjectAltName)?.parsedValue;
  const alternative = names instanceof AltName ? names.altNames.filter(({ type }) => type === RFC822_NAME) : [];
  if (alternative.length > 0) return alternative.map(({ value }) => String(value).toLowerCase());
  return parsed.subject.typesAndValues
    .filter(({ type }) => type === EMAIL_ADDRESS)
    .map(({ value }) => String(value.valueBlock.value).toLowerCase());
}

/** Whether it may sign (RFC 8550, 4.4.2): a use that is not restricted is allowed. */
export function maySign({ parsed }: ReadCertificate): boolean {
  const usage = extensionOf(parsed, EXTENSIONS.keyUsage);
  if (usage === undefined) return true;
  return (
    usage.parsedValue instanceof asn1js.BitString && ((usage.parsedValue.valueBlock.valueHexView[0] ?? 0) & SIGNS) !== 0
  );
}

/** Whether it is for mail (RFC 8550, 4.4.4), which a CA with purposes of its own has to be for that below it. */
export function isForMail({ parsed }: ReadCertificate): boolean {
  const usage = extensionOf(parsed, EXTENSIONS.extendedKeyUsage);
  if (usage === undefined) return true;
  const purposes: readonly string[] = usage.parsedValue instanceof ExtKeyUsage ? usage.parsedValue.keyPurposes : [];
  return purposes.includes(EMAIL_PROTECTION) || purposes.includes(ANY_PURPOSE);
}

/** How many CAs may stand below this one; infinite where it does not say. */
export function pathLengthOf({ parsed }: ReadCertificate): number {
  const constraints = extensionOf(parsed, EXTENSIONS.basicConstraints)?.parsedValue;
  if (!(constraints instanceof BasicConstraints)) return Number.POSITIVE_INFINITY;
  const length = constraints.pathLenConstraint;
  if (length === undefined) return Number.POSITIVE_INFINITY;
  return typeof length === 'number' ? length : length.valueBlock.valueDec;
}

export function nameConstraintsOf({ parsed }: ReadCertificate): NameConstraints | null {
  const constraints = extensionOf(parsed, EXTENSIONS.nameConstraints)?.parsedValue;
  return constraints instanceof NameConstraints ? constraints : null;
}

export function keyIdentifierOf({ parsed }: ReadCertificate): Uint8Array | null {
  const identifier = extensionOf(parsed, EXTENSIONS.subjectKeyIdentifier)?.parsedValue;
  return identifier instanceof asn1js.OctetString ? identifier.valueBlock.valueHexView : null;
}

/**
 * Whether all that it demands is looked at (RFC 5280, 4.2): no extension twice, no critical one that is not known, and none
 * of those that are looked at in a form that cannot be read.
 */
export function isUnderstood({ parsed }: ReadCertificate): boolean {
  const extensions = parsed.extensions ?? [];
  if (new Set(extensions.map(({ extnID }) => extnID)).size !== extensions.length) return false;
  return extensions.every(({ extnID, critical, parsedValue }) => {
    const isRead = Boolean(parsedValue) && parsedValue.parsingError === undefined;
    return LOOKED_AT.has(extnID) ? isRead : !critical || (POLICIES.has(extnID) && isRead);
  });
}

/**
 * Whether nobody could have made up the signature by which it was issued. MD5 and SHA-1 are not enough: who can choose what a
 * certificate says can make two with one hash (2008 and 2020), one of which was never shown to who signed.
 */
export function isSoundlySigned({ parsed }: ReadCertificate): boolean {
  const scheme = schemeOf(parsed.signatureAlgorithm, 'sha256');
  return scheme !== null && scheme.digest !== 'sha1';
}

export function hasSoundKey({ key }: ReadCertificate): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  return asymmetricKeyType === 'ec' || (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
}

function extensionOf(parsed: Certificate, id: string): Extension | undefined {
  return parsed.extensions?.find(({ extnID }) => extnID === id);
}
