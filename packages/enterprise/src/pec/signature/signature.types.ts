// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Why a signature proves nothing. */
export const UNVERIFIED_REASONS = [
  'no_trust_anchors',
  'not_signed',
  'malformed',
  'altered',
  'untrusted',
  'expired',
  'other_signer',
  'wrong_purpose',
  'truncated',
  'reference_not_signed',
] as const;
export type UnverifiedReason = (typeof UNVERIFIED_REASONS)[number];

export interface Signer {
  /** Subject of the certificate, as RFC 4514 writes it. */
  readonly subject: string;
  readonly issuer: string;
  /** Hex. */
  readonly serialNumber: string;
  readonly emails: readonly string[];
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
}

export type SignatureVerdict =
  | { readonly verified: true; readonly signer: Signer }
  | { readonly verified: false; readonly reason: UnverifiedReason; readonly signer: Signer | null };

export interface VerifyOptions {
  readonly anchors: TrustAnchors;
  /** Who has to have signed: the address of From; null is nobody, which no signer is. */
  readonly from: string | null;
  /** When the certificates have to be valid, milliseconds since the epoch. */
  readonly at: number;
}

/** Parsed once; opaque to others. `count` 0: nothing can be verified. */
export interface TrustAnchors {
  readonly count: number;
}
