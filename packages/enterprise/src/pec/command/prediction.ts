// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PecMail, Receipt, ReceiptError, ReceiptType } from '../reading/receipt.types.ts';
import { type PecEvent, receiptOutcome } from '../reading/receipt-outcome.ts';
import type { PecReason } from '../reading/receipt-reason.ts';
import type { UnverifiedReason } from '../signature/signature.types.ts';

/** What a mail is read as, in one flat line: a line of `--json`. */
export interface Prediction {
  /** The folder's name and the path below it. */
  readonly file: string;
  readonly kind: PecMail['kind'];
  readonly is_receipt: boolean;
  /** Of what says that it is a receipt and is none. */
  readonly why: string | null;
  readonly receipt_type: ReceiptType | null;
  readonly event: PecEvent | null;
  readonly is_final: boolean | null;
  readonly reference: string | null;
  readonly recipient: string | null;
  readonly recipients: readonly string[];
  readonly error: ReceiptError | null;
  readonly error_detail: string | null;
  readonly status: string | null;
  readonly reason_class: PecReason | null;
  /** For a person. */
  readonly reason: string | null;
  readonly identifier: string | null;
  readonly provider: string | null;
  /** As ISO 8601 in UTC. */
  readonly at: string | null;
  readonly form: Receipt['form'];
  /** Null for what is no receipt. */
  readonly verified: boolean | null;
  readonly unverified_reason: UnverifiedReason | null;
  readonly ms: number;
}

/** Null: it is verified. */
export type Doubt = UnverifiedReason | null;

const NO_RECEIPT = {
  is_receipt: false,
  receipt_type: null,
  event: null,
  is_final: null,
  reference: null,
  recipient: null,
  recipients: [],
  error: null,
  error_detail: null,
  status: null,
  reason_class: null,
  reason: null,
  identifier: null,
  provider: null,
  at: null,
  form: null,
  verified: null,
  unverified_reason: null,
} as const;

/** Flatten what a mail is read as; of a receipt, with what is in doubt about its signature. */
export function predictionOf(
  mail: PecMail,
  { file, ms, doubt }: { file: string; ms: number; doubt: Doubt },
): Prediction {
  if (mail.kind !== 'receipt')
    return { file, kind: mail.kind, why: mail.kind === 'forged' ? mail.why : null, ...NO_RECEIPT, ms };
  const { receipt } = mail;
  const { event, isFinal, reasonClass, reason } = receiptOutcome(receipt);
  return {
    file,
    kind: mail.kind,
    is_receipt: true,
    why: null,
    receipt_type: receipt.type,
    event,
    is_final: isFinal,
    reference: receipt.reference,
    recipient: receipt.recipient,
    recipients: receipt.recipients.map(({ address }) => address),
    error: receipt.error,
    error_detail: receipt.errorDetail,
    status: receipt.status,
    reason_class: reasonClass,
    reason,
    identifier: receipt.identifier,
    provider: receipt.provider,
    at: receipt.at === null ? null : new Date(receipt.at).toISOString(),
    form: receipt.form,
    verified: doubt === null,
    unverified_reason: doubt,
    ms,
  };
}
