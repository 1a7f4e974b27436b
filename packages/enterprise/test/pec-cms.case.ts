// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { constants, createHash, sign } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import {
  bytesOf,
  chainOf,
  digestAlgorithm,
  type Hash,
  type Identity,
  signatureAlgorithm,
} from './pec-certificates.case.ts';

export interface SigningOptions {
  /** @defaultValue sha256 */
  readonly hash?: Hash;
  /** RSA-PSS where the key is RSA. @defaultValue false */
  readonly isPss?: boolean;
  /** That the mask of RSA-PSS is said to be made with. @defaultValue the same */
  readonly maskHash?: Hash;
  /** Algorithm `rsaEncryption`, which leaves the hash to another field, as OpenSSL writes. @defaultValue false */
  readonly isPlainRsa?: boolean;
  /** What is signed is a set of attributes with the digest in it. @defaultValue true */
  readonly hasAttributes?: boolean;
  /** What is done to these attributes before they are signed. */
  readonly attributes?: (attributes: pkijs.Attribute[]) => pkijs.Attribute[];
  /** Certificates that are brought along. @defaultValue the signers' and of all CAs but the roots */
  readonly certificates?: readonly Identity[];
  /** Names the signer by subjectKeyIdentifier, of which it has to have one. @defaultValue false */
  readonly byKeyIdentifier?: boolean;
  /** Lengths are left open, as in a stream (BER). @defaultValue false */
  readonly isIndefinite?: boolean;
  /** Of what is signed. @defaultValue data */
  readonly contentType?: string;
  /** Brought along inside the signature. @defaultValue nothing */
  readonly inside?: Buffer;
}

const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_TIME = '1.2.840.113549.1.9.5';

/** Sign content in CMS, detached. */
export function signCms(content: Buffer, signers: readonly Identity[], options: SigningOptions = {}): Buffer {
  const { hash = 'sha256', contentType = pkijs.ContentInfo.DATA, inside } = options;
  const brought = options.certificates ?? withoutRoots(signers);
  const signedData = new pkijs.SignedData({
    version: 1,
    digestAlgorithms: [digestAlgorithm(hash)],
    encapContentInfo: new pkijs.EncapsulatedContentInfo({
      eContentType: contentType,
      ...(inside && { eContent: new asn1js.OctetString({ valueHex: bytesOf(inside) }) }),
    }),
    signerInfos: signers.map((signer) => signerInfo(content, signer, options)),
    ...(brought.length > 0 && { certificates: brought.map(({ certificate }) => certificate) }),
  });
  const info = new pkijs.ContentInfo({
    contentType: pkijs.ContentInfo.SIGNED_DATA,
    content: signedData.toSchema(true),
  });
  const der = Buffer.from(info.toSchema().toBER());
  return options.isIndefinite === true ? withOpenLengths(der) : der;
}

function withoutRoots(signers: readonly Identity[]): readonly Identity[] {
  const all = signers.flatMap((signer) => chainOf(signer).filter((each) => each === signer || each.issuer !== null));
  return [...new Set(all)];
}

function signerInfo(content: Buffer, signer: Identity, options: SigningOptions): pkijs.SignerInfo {
  const { hash = 'sha256', hasAttributes = true, attributes = (all) => all } = options;
  const signedAttrs = hasAttributes ? signedAttributes(content, hash, attributes) : undefined;
  const toSign = signedAttrs === undefined ? content : asSet(signedAttrs);
  const key = signer.keys.privateKey;
  const saltLength = createHash(hash).digest().length;
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  const signature = sign(hash, toSign, options.isPss === true ? pss : key);
  return new pkijs.SignerInfo({
    version: options.byKeyIdentifier === true ? 3 : 1,
    sid: options.byKeyIdentifier === true ? keyIdentifier(signer) : issuerAndSerial(signer),
    digestAlgorithm: digestAlgorithm(hash),
    ...(signedAttrs && { signedAttrs }),
    signatureAlgorithm: algorithmOf(signer, options),
    signature: new asn1js.OctetString({ valueHex: bytesOf(signature) }),
  });
}

function algorithmOf(
  signer: Identity,
  { hash = 'sha256', isPss, isPlainRsa, maskHash = hash }: SigningOptions,
): pkijs.AlgorithmIdentifier {
  if (isPlainRsa === true) {
    return new pkijs.AlgorithmIdentifier({ algorithmId: '1.2.840.113549.1.1.1', algorithmParams: new asn1js.Null() });
  }
  if (isPss !== true) return signatureAlgorithm(signer.keys.privateKey, hash);
  const mask = new pkijs.AlgorithmIdentifier({
    algorithmId: '1.2.840.113549.1.1.8',
    algorithmParams: digestAlgorithm(maskHash).toSchema(),
  });
  const parameters = new pkijs.RSASSAPSSParams({
    hashAlgorithm: digestAlgorithm(hash),
    maskGenAlgorithm: mask,
    saltLength: createHash(hash).digest().length,
  });
  return new pkijs.AlgorithmIdentifier({
    algorithmId: '1.2.840.113549.1.1.10',
    algorithmParams: parameters.toSchema(),
  });
}

function signedAttributes(
  content: Buffer,
  hash: Hash,
  change: (attributes: pkijs.Attribute[]) => pkijs.Attribute[],
): pkijs.SignedAndUnsignedAttributes {
  const digest = createHash(hash).update(content).digest();
  // In the order of their lengths, which is that of DER.
  const attributes = change([
    contentTypeAttribute(pkijs.ContentInfo.DATA),
    new pkijs.Attribute({
      type: SIGNING_TIME,
      values: [new asn1js.UTCTime({ valueDate: new Date('2026-01-01T00:00:00Z') })],
    }),
    digestAttribute(digest),
  ]);
  return new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes });
}

export function contentTypeAttribute(value: string): pkijs.Attribute {
  return new pkijs.Attribute({ type: CONTENT_TYPE, values: [new asn1js.ObjectIdentifier({ value })] });
}

export function digestAttribute(digest: Buffer): pkijs.Attribute {
  return new pkijs.Attribute({
    type: MESSAGE_DIGEST,
    values: [new asn1js.OctetString({ valueHex: bytesOf(digest) })],
  });
}

/** Signed under the tag of a SET (RFC 5652, 5.4). */
function asSet(attributes: pkijs.SignedAndUnsignedAttributes): Buffer {
  const der = Buffer.from(attributes.toSchema().toBER());
  der[0] = 0x31;
  return der;
}

function issuerAndSerial({ certificate }: Identity): pkijs.IssuerAndSerialNumber {
  return new pkijs.IssuerAndSerialNumber({ issuer: certificate.issuer, serialNumber: certificate.serialNumber });
}

function keyIdentifier({ certificate }: Identity): asn1js.Primitive {
  const extension = certificate.extensions?.find(({ extnID }) => extnID === '2.5.29.14');
  if (!(extension?.parsedValue instanceof asn1js.OctetString))
    throw new Error('the signer has no subjectKeyIdentifier');
  return new asn1js.Primitive({
    idBlock: { tagClass: 3, tagNumber: 0 },
    valueHex: extension.parsedValue.valueBlock.valueHex,
  });
}

/** The outer four levels, as OpenSSL streams them. */
function withOpenLengths(der: Buffer): Buffer {
  const { result } = asn1js.fromBER(bytesOf(der));
  let level: asn1js.BaseBlock | undefined = result;
  for (let depth = 0; depth < 4 && level instanceof asn1js.Constructed; depth += 1) {
    level.lenBlock.isIndefiniteForm = true;
    level = level.valueBlock.value.findLast((each) => each instanceof asn1js.Constructed);
  }
  return Buffer.from(result.toBER());
}
