// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Receipt } from '../reading/receipt.types.ts';
import type { Trust } from '../settings/trusted.ts';
import type { SignatureVerdict } from '../signature/signature.types.ts';
import { verifySignature } from '../signature/verify-signature.ts';
import type { ReceiptOwner } from './correlate-receipt.ts';

/** A mail out of a mailbox for receipts, and whose that is. */
export interface ReceivedMail extends ReceiptOwner {
  readonly raw: Uint8Array;
  /** SHA-256 of what was read, in hex. */
  readonly hash: string;
  readonly isTruncated: boolean;
  /** Of all of it. */
  readonly sizeBytes: number;
  /** When it came into the mailbox, milliseconds. */
  readonly receivedAt: number;
}

/** Whether a receipt can be believed: its signature holds, and covers the Message-ID that it is about. */
export async function verdictOf(
  receipt: Receipt,
  { raw, isTruncated, receivedAt: at }: ReceivedMail,
  { anchors }: Trust,
): Promise<SignatureVerdict> {
  if (isTruncated) return { verified: false, reason: 'truncated', signer: null };
  const verdict = await verifySignature(raw, { anchors, from: receipt.from, at });
  if (!verdict.verified || receipt.isReferenceSigned) return verdict;
  return { verified: false, reason: 'reference_not_signed', signer: verdict.signer };
}
