// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SignerInfo } from 'pkijs';
import { emailsOf, isForMail, maySign, type ReadCertificate, signerOf } from './certificate.ts';
import { whyUntrusted } from './certificate-path.ts';
import { type CmsSignature, hasSigned, isOf, isOfKnownKind, readCmsSignature, SignedContent } from './cms-signature.ts';
import type { SignatureVerdict, UnverifiedReason, VerifyOptions } from './signature.types.ts';
import { signedPart } from './signed-part.ts';
import { anchorsOf } from './trust-anchors.ts';

/** In the order in which they are checked: of several signers the one tells who came furthest. */
const STEPS: readonly UnverifiedReason[] = [
  'malformed',
  'altered',
  'no_trust_anchors',
  'untrusted',
  'expired',
  'wrong_purpose',
  'other_signer',
];

/**
 * Verify who signed a mail in S/MIME (`multipart/signed`, RFC 8551): that the content is what was signed, that the signer's
 * certificate ends in an anchor, that it is for mail, and names the address of From. Of several signers one that is right is
 * enough. No revocation list is looked at. Never throws, whatever the bytes are.
 */
export async function verifySignature(raw: Uint8Array, options: VerifyOptions): Promise<SignatureVerdict> {
  const part = signedPart(raw);
  if (part === null) return unverified('not_signed');
  const cms = readCmsSignature(part.signature);
  if (cms === null) return unverified('malformed');
  const content = new SignedContent(part.content);
  let best = unverified('malformed');
  for (const signer of cms.signers) {
    // The libraries stumble over some bytes, as over a certificate that is none.
    const verdict = await judge(signer, { cms, content, options }).catch(() => unverified('malformed'));
    if (verdict.verified) return verdict;
    if (STEPS.indexOf(verdict.reason) >= STEPS.indexOf(best.reason)) best = verdict;
  }
  return best;
}

interface Case {
  readonly cms: CmsSignature;
  readonly content: SignedContent;
  readonly options: VerifyOptions;
}

async function judge(signer: SignerInfo, { cms, content, options }: Case): Promise<SignatureVerdict> {
  const anchors = anchorsOf(options.anchors);
  // Who does not bring his certificate along may be known by an anchor.
  const claimed = [...anchors, ...cms.certificates].filter((each) => isOf(signer, each));
  if (claimed.length === 0) return unverified(anchors.length === 0 ? 'no_trust_anchors' : 'untrusted');
  if (!isOfKnownKind(signer)) return unverified('malformed', claimed[0]);
  const certificate = claimed.find((each) => hasSigned(signer, each, content));
  if (certificate === undefined) return unverified('altered', claimed[0]);
  const reason = await whyUnproven(certificate, cms, options);
  return reason === null ? { verified: true, signer: signerOf(certificate) } : unverified(reason, certificate);
}

async function whyUnproven(
  certificate: ReadCertificate,
  { certificates: others }: CmsSignature,
  { anchors, from, at }: VerifyOptions,
): Promise<UnverifiedReason | null> {
  if (anchors.count === 0) return 'no_trust_anchors';
  const trust = await whyUntrusted(certificate, { anchors: anchorsOf(anchors), others, at });
  if (trust !== null) return trust;
  if (!maySign(certificate) || !isForMail(certificate)) return 'wrong_purpose';
  return emailsOf(certificate).includes(from?.toLowerCase() ?? '') ? null : 'other_signer';
}

function unverified(
  reason: UnverifiedReason,
  certificate?: ReadCertificate,
): Extract<SignatureVerdict, { readonly verified: false }> {
  return { verified: false, reason, signer: certificate === undefined ? null : signerOf(certificate) };
}
