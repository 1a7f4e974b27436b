// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import { type Attribute, ContentInfo, IssuerAndSerialNumber, SignedData, type SignerInfo } from 'pkijs';
import { keyIdentifierOf, type ReadCertificate, readCertificate } from './certificate.ts';
import { type Digest, digestOf, isSignature, schemeOf } from './signature-algorithm.ts';

/** A detached signature in CMS (RFC 5652). */
export interface CmsSignature {
  readonly signers: readonly SignerInfo[];
  /** Those that can be read of what it brings along. */
  readonly certificates: readonly ReadCertificate[];
}

/** A provider's has some 4 to 10 KB. */
const MAX_BYTES = 64 * 1024;
const MAX_SIGNERS = 4;
const MAX_CERTIFICATES = 16;
const [LF, CR] = [0x0a, 0x0d];
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';

/** Null where it is none: any refusal is the fault of the bytes, which alone decide. */
export function readCmsSignature(der: Uint8Array): CmsSignature | null {
  if (der.length > MAX_BYTES) return null;
  try {
    const info = ContentInfo.fromBER(der);
    if (info.contentType !== ContentInfo.SIGNED_DATA) return null;
    const { encapContentInfo, signerInfos } = new SignedData({ schema: info.content });
    // A signature over content of its own says nothing of the mail that it comes with.
    if (encapContentInfo.eContent !== undefined || encapContentInfo.eContentType !== ContentInfo.DATA) return null;
    const certificates = certificatesIn(info.content);
    const isSane = signerInfos.length <= MAX_SIGNERS && certificates.length <= MAX_CERTIFICATES;
    return isSane ? { signers: signerInfos, certificates: certificates.flatMap(readable) } : null;
  } catch {
    return null;
  }
}

/** The bytes of what stands in `certificates [0]`, as they came: read and written again they could be others. */
function certificatesIn(signedData: asn1js.BaseBlock): readonly Uint8Array[] {
  if (!(signedData instanceof asn1js.Constructed)) return [];
  const set = signedData.valueBlock.value.find(({ idBlock }) => idBlock.tagClass === 3 && idBlock.tagNumber === 0);
  if (!(set instanceof asn1js.Constructed)) return [];
  return set.valueBlock.value.map(({ valueBeforeDecodeView }) => valueBeforeDecodeView);
}

function readable(der: Uint8Array): readonly ReadCertificate[] {
  try {
    return [readCertificate(der)];
  } catch {
    return []; // one of another kind, which no signer is found by
  }
}

/** Whether this is the certificate that the signer says is his (RFC 5652, 5.3). */
export function isOf(signer: SignerInfo, certificate: ReadCertificate): boolean {
  const { sid } = signer;
  if (sid instanceof IssuerAndSerialNumber) {
    const { issuer, serialNumber } = certificate.parsed;
    return issuer.isEqual(sid.issuer) && serialNumber.isEqual(sid.serialNumber);
  }
  const identifier = keyIdentifierOf(certificate);
  return identifier !== null && sameBytes(identifier, octetsOf(sid));
}

/** Whether it was signed in a way that is known and not too weak. */
export function isOfKnownKind({ digestAlgorithm, signatureAlgorithm }: SignerInfo): boolean {
  const digest = digestOf(digestAlgorithm);
  return digest !== null && schemeOf(signatureAlgorithm, digest) !== null;
}

/**
 * Whether the key of this certificate signed this content; the certificate itself is not looked at. Content whose lines end with LF
 * alone was signed with CRLF (RFC 8551, 3.1.1), and is tried so too.
 */
export function hasSigned(signer: SignerInfo, certificate: ReadCertificate, content: SignedContent): boolean {
  try {
    for (const form of content.forms()) if (hasSignedForm(signer, certificate, form)) return true;
    return false;
  } catch {
    return false; // bytes that are no signature of the kind they say
  }
}

function hasSignedForm(signer: SignerInfo, { key }: ReadCertificate, form: ContentForm): boolean {
  const { signedAttrs, digestAlgorithm, signatureAlgorithm, signature } = signer;
  const digest = digestOf(digestAlgorithm);
  const scheme = digest === null ? null : schemeOf(signatureAlgorithm, digest);
  if (digest === null || scheme === null) return false;
  const bytes = new Uint8Array(signature.getValue());
  if (signedAttrs === undefined) return isSignature(scheme, form.bytes, key, bytes);
  const { attributes, encodedValue } = signedAttrs;
  if (!isAbout(attributes, form.digest(digest))) return false;
  return isSignature(scheme, new Uint8Array(encodedValue), key, bytes);
}

/** Both have to be there, once and with one value each (RFC 5652, 11.1 and 11.2). */
function isAbout(attributes: readonly Attribute[], digest: Uint8Array): boolean {
  const type = onlyValue(attributes, CONTENT_TYPE);
  const signed = onlyValue(attributes, MESSAGE_DIGEST);
  if (!(type instanceof asn1js.ObjectIdentifier) || !(signed instanceof asn1js.OctetString)) return false;
  return type.getValue() === ContentInfo.DATA && sameBytes(signed.valueBlock.valueHexView, digest);
}

function onlyValue(attributes: readonly Attribute[], id: string): unknown {
  const [found, ...more] = attributes.filter(({ type }) => type === id);
  return more.length === 0 && found?.values.length === 1 ? found.values[0] : undefined;
}

/** IMPLICIT, or with a tag of its own as some write it. */
function octetsOf(sid: unknown): Uint8Array {
  const inner = sid instanceof asn1js.Constructed ? sid.valueBlock.value[0] : sid;
  const hasOctets = inner instanceof asn1js.Primitive || inner instanceof asn1js.OctetString;
  return hasOctets ? inner.valueBlock.valueHexView : new Uint8Array();
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length > 0 && Buffer.compare(a, b) === 0;
}

/** Bytes that may have been signed; each hash of them is made once. */
interface ContentForm {
  readonly bytes: Uint8Array;
  digest(algorithm: Digest): Uint8Array;
}

/** What a mail says was signed. */
export class SignedContent {
  readonly #asItCame: ContentForm;
  #canonical: ContentForm | null | undefined;

  constructor(bytes: Uint8Array) {
    this.#asItCame = formOf(bytes);
  }

  /** As it came, and with CRLF where that is something else, which is made only when it is asked for. */
  *forms(): Generator<ContentForm> {
    yield this.#asItCame;
    this.#canonical ??= canonicalOf(this.#asItCame.bytes);
    if (this.#canonical !== null) yield this.#canonical;
  }
}

function formOf(bytes: Uint8Array): ContentForm {
  const made = new Map<Digest, Uint8Array>();
  return {
    bytes,
    digest(algorithm) {
      const digest = made.get(algorithm) ?? createHash(algorithm).update(bytes).digest();
      made.set(algorithm, digest);
      return digest;
    },
  };
}

function canonicalOf(bytes: Uint8Array): ContentForm | null {
  if (!hasBareLf(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return formOf(Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'latin1'));
}

function hasBareLf(bytes: Uint8Array): boolean {
  let at = bytes.indexOf(LF);
  while (at > 0 && bytes[at - 1] === CR) at = bytes.indexOf(LF, at + 1);
  return at !== -1;
}
