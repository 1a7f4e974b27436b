// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { InferOutput } from 'valibot';
import { epochSeconds, rfc3339, rfc3339OrNull } from '../../operations/fields.ts';
import type { messageOutput, messageSummary, recipientOutput } from './message.schema.ts';
import type { MessageRow } from './message.store.ts';
import type { MessageRecipientsTable } from './message.table.ts';
import type { StoredContent } from './stored-content.ts';

/** A message as lists show it. */
export function toSummary(row: MessageRow): InferOutput<typeof messageSummary> {
  const isSent = row.result === 'sent' || row.result === 'partially_sent';
  return {
    pk: row.pk,
    id: row.id,
    tenant_id: row.tenant_id,
    account_id: row.account_id,
    state: row.state,
    result: row.result,
    priority: row.priority,
    batch_code: row.batch_code,
    attempts: row.attempts,
    message_id: row.message_id,
    last_error: row.last_error,
    created_at: rfc3339(row.created_at),
    updated_at: rfc3339(row.updated_at),
    next_attempt_at: row.state === 'deferred' ? rfc3339(row.eligible_at) : null,
    final_at: rfc3339OrNull(row.final_at),
    sent_ts: isSent && row.final_at !== null ? epochSeconds(row.final_at) : null,
  };
}

/** A message as its own page shows it. */
export function toMessage(
  row: MessageRow,
  content: StoredContent,
  recipients: readonly MessageRecipientsTable[],
): InferOutput<typeof messageOutput> {
  return {
    ...toSummary(row),
    from: content.from.address,
    subject: content.subject,
    recipients: recipients.map(toRecipient),
  };
}

function toRecipient(row: MessageRecipientsTable): InferOutput<typeof recipientOutput> {
  const { address, kind, state, attempts, stage, code, enhanced, reply } = row;
  return { address, kind, state, attempts, stage, code, enhanced, reply };
}
