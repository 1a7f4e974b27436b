// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { PecMail, Receipt } from '../reading/receipt.types.ts';
import type { PecReceiptsTable } from '../receipts.table.ts';
import type { SignatureVerdict } from '../signature/signature.types.ts';
import type { ReceiptMatch } from './correlate-receipt.ts';
import type { ReceivedMail } from './receipt-verdict.ts';

export interface ArchivedReceipt {
  readonly receipt: Receipt;
  readonly verdict: SignatureVerdict;
  readonly match: ReceiptMatch | null;
  readonly mail: ReceivedMail;
  readonly pk: string;
}

/** The row of a receipt of its message. */
export function rowOfReceipt({ receipt, verdict, match, mail, pk }: ArchivedReceipt): PecReceiptsTable {
  return {
    ...blank(mail, pk),
    tenant_id: match?.mail.tenant_id ?? mail.tenantId,
    account_pk: match?.mail.account_pk ?? mail.accountPk,
    state: 'matched',
    why: null,
    type: receipt.type,
    error: receipt.error,
    error_detail: receipt.errorDetail,
    status: receipt.status,
    reference: receipt.reference,
    recipient: receipt.recipient,
    addresses: addressesOf(receipt),
    form: receipt.form,
    identifier: receipt.identifier,
    provider: receipt.provider,
    issued_at: receipt.at,
    is_verified: verdict.verified ? 1 : 0,
    unverified_reason: verdict.verified ? null : verdict.reason,
    signer: verdict.signer?.subject ?? null,
    signer_fingerprint: verdict.signer?.fingerprint ?? null,
    message_pk: match?.mail.message_pk ?? null,
    message_id: match?.mail.id ?? null,
  };
}

/** Of a mail that says that it is a receipt, and is none. */
export function rowOfForged(
  why: Extract<PecMail, { readonly kind: 'forged' }>['why'],
  mail: ReceivedMail,
  pk: string,
): PecReceiptsTable {
  return {
    ...blank(mail, pk),
    ...{
      tenant_id: mail.tenantId,
      account_pk: mail.accountPk,
      state: 'refused',
      why: mail.isTruncated ? 'truncated' : why,
    },
    ...{ type: null, error: null, error_detail: null, status: null, reference: null, recipient: null, addresses: '' },
    ...{ form: null, identifier: null, provider: null, issued_at: null },
    ...{ is_verified: 0, unverified_reason: null, signer: null, signer_fingerprint: null },
    ...{ message_pk: null, message_id: null },
  };
}

function blank(mail: ReceivedMail, pk: string) {
  return {
    pk,
    scope: mail.tenantId ?? '',
    hash: mail.hash,
    size_bytes: mail.isTruncated ? mail.sizeBytes : mail.raw.byteLength,
    is_truncated: mail.isTruncated ? (1 as const) : (0 as const),
    received_at: mail.receivedAt,
  };
}

/** Each address between blanks, in lower case: addresses have none. */
function addressesOf({ recipient, recipients, receivedFor }: Receipt): string {
  const about = recipient === null ? [...recipients.map(({ address }) => address), ...receivedFor] : [recipient];
  const all = new Set(about.map((address) => address.toLowerCase()));
  return all.size === 0 ? '' : ` ${[...all].join(' ')} `;
}
