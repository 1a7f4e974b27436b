// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { InferOutput } from 'valibot';
import { epochSeconds, rfc3339, rfc3339OrNull } from '../../operations/fields.ts';
import { eventDetailOf } from '../message-event/message-event.schema.ts';
import type { MessageEventRow } from '../message-event/message-event.store.ts';
import type { ListedAttachment } from './listed-attachment.ts';
import type {
  attachmentOutput,
  attemptOutput,
  messageOutput,
  messageSummary,
  recipientOutput,
} from './message.schema.ts';
import type { MessageBounce, MessageStore } from './message.store.ts';
import type { MessageRecipientsTable } from './message.table.ts';
import type { MessageRow } from './message-row.ts';
import type { StoredContent } from './stored-content.ts';
import type { WaitingFor } from './waiting-for.ts';

/** A message as lists show it. */
export function toSummary(row: MessageRow, bounce: MessageBounce | undefined): InferOutput<typeof messageSummary> {
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
    bounce_type: bounce?.bounce_type ?? null,
    bounce_code: bounce?.code ?? null,
    bounce_reason: bounce?.reason ?? null,
    bounce_ts: bounce === undefined ? null : epochSeconds(bounce.at),
  };
}

/** Messages as lists show them. */
export async function toSummaries(
  messages: Pick<MessageStore, 'bounces'>,
  rows: readonly MessageRow[],
): Promise<InferOutput<typeof messageSummary>[]> {
  const bounces = await messages.bounces(rows.map(({ pk }) => pk));
  return rows.map((row) => toSummary(row, bounces.get(row.pk)));
}

/** What the page of a message is made of. */
export interface MessageParts {
  readonly bounce: MessageBounce | undefined;
  /** Null once retention removed it. */
  readonly content: StoredContent | null;
  readonly recipients: readonly MessageRecipientsTable[];
  readonly attachments: readonly ListedAttachment[];
  /** Oldest first. */
  readonly events: readonly MessageEventRow[];
  readonly waitingFor: readonly WaitingFor[];
}

/** A message as its own page shows it; what it says, and what was said about it, to those only who may read that. */
export function toMessage(
  row: MessageRow,
  { bounce, content, recipients, attachments, events, waitingFor }: MessageParts,
  { hasContent }: { readonly hasContent: boolean },
): InferOutput<typeof messageOutput> {
  return {
    ...toSummary(row, bounce),
    from: content?.from.address ?? null,
    subject: hasContent ? (content?.subject ?? null) : null,
    content_removed: row.content_removed === 1,
    expires_at: rfc3339OrNull(row.expires_at),
    on_in_doubt: row.on_in_doubt,
    recipients: recipients.map(toRecipient),
    // One that came complete has its body there, whatever that consists of.
    attachments: content === null || content.raw === null ? attachments.map(toAttachment) : [],
    history: toHistory(events, hasContent),
    waiting_for: [...waitingFor],
  };
}

function toRecipient(row: MessageRecipientsTable): InferOutput<typeof recipientOutput> {
  const { address, kind, state, attempts, stage, code, enhanced, reply, verdict } = row;
  return { address, kind, state, attempts, stage, code, enhanced, reply, verdict };
}

/** A file as it is shown. */
export function toAttachment(row: ListedAttachment): InferOutput<typeof attachmentOutput> {
  const { filename, mime_type, disposition, fetch_mode, content_hash, detached } = row;
  return {
    filename,
    mime_type,
    disposition,
    fetch_mode,
    fetched: content_hash !== null || detached !== null,
    size: detached?.sizeBytes ?? row.size_bytes,
    detached_by: detached?.mixin ?? null,
  };
}

function toHistory(events: readonly MessageEventRow[], hasContent: boolean): InferOutput<typeof attemptOutput>[] {
  const attempts = events.filter(({ attempt }) => attempt > 0);
  return attempts.map((event, index) => {
    const { reason, recipients = [], durationMs, transcript } = eventDetailOf(event);
    const shown = recipients.find(({ state }) => state !== 'sent') ?? recipients[0];
    const isLast = index === attempts.length - 1;
    return {
      attempt: event.attempt,
      at: rfc3339(event.at),
      type: event.type,
      duration_ms: durationMs ?? null,
      stage: shown?.stage ?? null,
      code: shown?.code ?? null,
      enhanced: shown?.enhanced ?? null,
      reply: shown?.reply ?? reason ?? null,
      transcript: isLast && hasContent && transcript !== undefined ? [...transcript] : null,
    };
  });
}
