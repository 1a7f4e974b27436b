// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import type { AppendedEvent } from '@mail-proxy/core';
import type { Receipt } from '../reading/receipt.types.ts';
import { type ReceiptOutcome, receiptOutcome } from '../reading/receipt-outcome.ts';
import type { SignatureVerdict } from '../signature/signature.types.ts';
import type { ReceiptMatch } from './correlate-receipt.ts';

/** What is told because of a receipt. */
export interface ToldReceipt {
  readonly receipt: Receipt;
  readonly verdict: SignatureVerdict;
  readonly match: ReceiptMatch;
  /** In the archive. */
  readonly receiptPk: string;
  /** SHA-256 of the mail, in hex. */
  readonly hash: string;
}

/** Addresses that an event lists at most. */
const MAX_LISTED = 100;

/** One for each recipient that a receipt is about; one for all where it is about the message. */
export function eventsOf(told: ToldReceipt): readonly AppendedEvent[] {
  const outcome = receiptOutcome(told.receipt);
  const { type } = told.receipt;
  if (type === 'accettazione' || type === 'non-accettazione') return [eventOf(told, outcome, null)];
  return told.match.about.map(({ address }) => eventOf(told, outcome, address));
}

function eventOf(told: ToldReceipt, outcome: ReceiptOutcome, recipient: string | null): AppendedEvent {
  const { receipt, verdict, match } = told;
  const { event: type, reason, reasonClass, permanence, addressDead } = outcome;
  return {
    messagePk: match.mail.message_pk,
    tenantId: match.mail.tenant_id,
    type,
    once: onceOf(told, outcome, recipient),
    reason: verdict.verified ? reason : `${reason} (the signature proves nothing: ${verdict.reason})`,
    ...(recipient === null
      ? {}
      : {
          feedback: {
            ...{ recipient, bounceType: null, code: receipt.status, status: receipt.status, reasonClass, permanence },
            ...{ addressDead, reportedBy: receipt.provider, feedbackType: null },
          },
        }),
    extra: extraOf(told, outcome, recipient),
  };
}

/**
 * The same for what says the same again, by another way: the provider's id is that of the mail, which the first notice of a
 * recipient shares with the last. What is not verified is told besides what is: whoever forges one keeps none from being told.
 */
function onceOf(
  { receipt, verdict, hash }: ToldReceipt,
  { isFinal }: ReceiptOutcome,
  recipient: string | null,
): string {
  const { type, error, status, identifier } = receipt;
  const named = [type, isFinal, error, status, verdict.verified, identifier ?? hash, recipient?.toLowerCase() ?? null];
  return `receipt:${createHash('sha256').update(JSON.stringify(named)).digest('hex')}`;
}

function extraOf(
  { receipt, verdict, receiptPk }: ToldReceipt,
  { isFinal, reasonClass, permanence, reason }: ReceiptOutcome,
  recipient: string | null,
): NonNullable<AppendedEvent['extra']> {
  return {
    // As the original has them.
    pec_timestamp: receipt.at === null ? null : new Date(receipt.at).toISOString(),
    recipient,
    error_reason: permanence === null ? null : (receipt.errorDetail ?? reason),
    receipt: receipt.type,
    receipt_id: receiptPk,
    error: receipt.error,
    error_detail: receipt.errorDetail,
    status: receipt.status,
    reason_class: reasonClass,
    is_final: isFinal,
    identifier: receipt.identifier,
    provider: receipt.provider,
    form: receipt.form,
    verified: verdict.verified,
    unverified_reason: verdict.verified ? null : verdict.reason,
    signer: verdict.signer?.subject ?? null,
    ...(recipient === null ? listsOf(receipt) : {}),
  };
}

function listsOf({ recipients }: Receipt) {
  const list = (kind: 'certified' | 'external'): string =>
    recipients
      .filter((each) => each.kind === kind)
      .slice(0, MAX_LISTED)
      .map(({ address }) => address)
      .join(', ');
  return { certified_recipients: list('certified'), external_recipients: list('external') };
}
