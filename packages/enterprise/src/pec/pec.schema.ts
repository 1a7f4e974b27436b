// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields } from '@mail-proxy/core';
import * as v from 'valibot';
import { RECEIPT_TYPES } from './reading/receipt.types.ts';
import { type PecReceiptsTable, RECEIPT_STATES, RECIPIENT_STATES } from './receipts.table.ts';
import type { ReceivedReceipt } from './receiving/receive-receipt.ts';
import type { AwaitedMail } from './waiting/awaited.store.ts';

export const receiptReference = v.strictObject({
  receipt_id: fields.clientId,
  tenant_id: v.optional(fields.tenantId),
});

export const statusInput = v.strictObject({
  message_id: fields.clientId,
  tenant_id: v.optional(fields.tenantId),
});

export const listReceiptsInput = v.strictObject({
  tenant_id: v.optional(fields.tenantId),
  /** Your id of the message. */
  message_id: v.optional(fields.clientId),
  type: v.optional(v.picklist(RECEIPT_TYPES)),
  state: v.optional(v.picklist(RECEIPT_STATES)),
  verified: v.optional(fields.queryBoolean),
  /** Whom it is about, or among whom. */
  recipient: v.optional(fields.line(320)),
  /** When it came. */
  from: v.optional(fields.dateTime),
  /** Earlier than this. */
  to: v.optional(fields.dateTime),
  ...fields.page,
});

export const receiptOutput = v.object({
  id: v.string(),
  /** Null where it came to a mailbox of the operator's, and is of no message that is known. */
  tenant_id: v.nullable(v.string()),
  state: v.picklist(RECEIPT_STATES),
  /** Why it is unmatched or refused. */
  why: v.nullable(v.string()),
  /** As its provider names it; null where it cannot be believed to be a receipt at all. */
  type: v.nullable(v.picklist(RECEIPT_TYPES)),
  message_id: v.nullable(v.string()),
  /** Our id of the message, also of one that is gone. */
  pk: v.nullable(v.string()),
  /** Message-ID of what it is about. */
  reference: v.nullable(v.string()),
  /** Null where it is about all. */
  recipient: v.nullable(v.string()),
  error: v.nullable(v.string()),
  error_detail: v.nullable(v.string()),
  status: v.nullable(v.string()),
  form: v.nullable(v.string()),
  identifier: v.nullable(v.string()),
  provider: v.nullable(v.string()),
  /** As its provider says. */
  issued_at: v.nullable(fields.timestamp),
  verified: v.boolean(),
  unverified_reason: v.nullable(v.string()),
  /** Subject of the signer's certificate, and the SHA-256 of that in hex. */
  signer: v.nullable(v.string()),
  signer_fingerprint: v.nullable(v.string()),
  /** SHA-256 of the mail, in hex. */
  sha256: v.string(),
  size_bytes: v.number(),
  /** Not all of it was read. */
  truncated: v.boolean(),
  received_at: fields.timestamp,
});

export function toReceipt(row: PecReceiptsTable): v.InferOutput<typeof receiptOutput> {
  return {
    ...{ id: row.pk, tenant_id: row.tenant_id, state: row.state, why: row.why, type: row.type },
    ...{ message_id: row.message_id, pk: row.message_pk, reference: row.reference, recipient: row.recipient },
    ...{ error: row.error, error_detail: row.error_detail, status: row.status, form: row.form },
    ...{ identifier: row.identifier, provider: row.provider, issued_at: fields.rfc3339OrNull(row.issued_at) },
    ...{ verified: row.is_verified === 1, unverified_reason: row.unverified_reason },
    ...{ signer: row.signer, signer_fingerprint: row.signer_fingerprint },
    ...{ sha256: row.hash, size_bytes: row.size_bytes, truncated: row.is_truncated === 1 },
    received_at: fields.rfc3339(row.received_at),
  };
}

export const receivedOutput = v.object({
  kind: v.picklist(['receipt', 'forged', 'transport', 'anomaly', 'other']),
  /** As it is in the archive; null for what is no receipt. */
  receipt: v.nullable(receiptOutput),
  /** The same mail was there before, and meant the same. */
  repeated: v.boolean(),
  events: v.array(
    v.object({
      id: v.string(),
      type: v.string(),
      recipient: v.nullable(v.string()),
      /** False where the same was told before; then there is no event of this id. */
      is_new: v.boolean(),
    }),
  ),
});

export function toReceived({
  kind,
  receipt,
  isRepeated,
  events,
}: ReceivedReceipt): v.InferOutput<typeof receivedOutput> {
  return {
    kind,
    receipt: receipt && toReceipt(receipt),
    repeated: isRepeated,
    events: events.map(({ eventPk, event, isNew }) => ({
      id: eventPk,
      type: event.type,
      recipient: event.feedback?.recipient ?? null,
      is_new: isNew,
    })),
  };
}

export const statusOutput = v.object({
  message_id: v.string(),
  pk: v.string(),
  tenant_id: v.string(),
  reference: v.string(),
  /** When a relay took it. */
  taken_at: v.nullable(fields.timestamp),
  accepted_at: v.nullable(fields.timestamp),
  refused_at: v.nullable(fields.timestamp),
  /** Until when its acceptance is awaited; null where it is not. */
  acceptance_due_at: v.nullable(fields.timestamp),
  /** When it was told that none came. */
  timed_out_at: v.nullable(fields.timestamp),
  recipients: v.array(
    v.object({
      address: v.string(),
      state: v.picklist(RECIPIENT_STATES),
      since: v.nullable(fields.timestamp),
      reason: v.nullable(v.string()),
      receipt_id: v.nullable(v.string()),
      awaits: v.nullable(v.picklist(['delivery_notice', 'delivery'])),
      due_at: v.nullable(fields.timestamp),
      timed_out_at: v.nullable(fields.timestamp),
    }),
  ),
});

export function toStatus(mail: AwaitedMail): v.InferOutput<typeof statusOutput> {
  const time = fields.rfc3339OrNull;
  return {
    ...{ message_id: mail.id, pk: mail.message_pk, tenant_id: mail.tenant_id, reference: mail.reference },
    ...{ taken_at: time(mail.taken_at), accepted_at: time(mail.accepted_at), refused_at: time(mail.refused_at) },
    ...{ acceptance_due_at: time(mail.due_at), timed_out_at: time(mail.timed_out_at) },
    recipients: mail.recipients.map(
      ({ address, state, said_at, reason, receipt_pk, awaits, due_at, timed_out_at }) => ({
        ...{ address, state, since: time(said_at), reason, receipt_id: receipt_pk },
        ...{ awaits, due_at: time(due_at), timed_out_at: time(timed_out_at) },
      }),
    ),
  };
}
