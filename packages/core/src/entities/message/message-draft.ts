// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isHeldFile } from '../../attachments/uploaded-file.ts';
import { membersOf } from '../../smtp/compose/address-list.ts';
import { messageIdFor } from '../../smtp/compose/message-id.ts';
import { completeHead, type HeadValues } from '../../smtp/raw/complete-head.ts';
import type { CheckedMessage } from './check-content.ts';
import type { CheckedAttachment, DraftAttachment, DraftContent, SealAttachmentAuth } from './draft-attachment.ts';
import type { ParsedMessage } from './message.schema.ts';
import type { MessageRecipientsTable, MessagesTable, OnInDoubt } from './message.table.ts';
import type { RawHead } from './stored-content.ts';

/** A message that passed all checks and may be stored; its state and place in the lane are the queue's to give. */
export interface MessageDraft {
  readonly message: Pick<
    MessagesTable,
    | 'pk'
    | 'tenant_id'
    | 'id'
    | 'account_pk'
    | 'priority'
    | 'eligible_at'
    | 'batch_code'
    | 'message_id'
    | 'expires_at'
    | 'on_in_doubt'
    | 'units'
    | 'unfetched'
    | 'size_bytes'
    | 'created_at'
  >;
  /** JSON of StoredContent. */
  readonly content: string;
  /** The envelope: no address twice. */
  readonly recipients: readonly Pick<MessageRecipientsTable, 'kind' | 'address'>[];
  readonly attachments: readonly DraftAttachment[];
}

export interface DraftContext {
  readonly tenantId: string;
  readonly accountPk: string;
  readonly defaultPriority: number;
  /** Of the tenant, for messages that say nothing of it. */
  readonly onInDoubt: OnInDoubt;
  /** Milliseconds from the time it is due until it is given up, where the message names no end itself. */
  readonly maxAgeMs: number;
  /** Milliseconds. */
  readonly now: number;
  /** Of what was checked. */
  readonly json: string;
  readonly pk: string;
  /** Mixins are to be asked once its files are here. */
  readonly needsPreparing: boolean;
  /** Files of the message whose bytes are stored by now, by their place. */
  readonly stored: ReadonlyMap<number, DraftContent>;
  readonly sealAuth: SealAttachmentAuth;
}

/** What a draft takes from the input beside what was checked. */
type Scheduled = Pick<
  ParsedMessage,
  'id' | 'priority' | 'batch_code' | 'send_at' | 'deferred_ts' | 'expires_at' | 'on_in_doubt'
>;

/** Medium, as in the original. */
export const DEFAULT_PRIORITY = 2;

export function draftMessage(input: Scheduled, checked: CheckedMessage, context: DraftContext): MessageDraft {
  const { pk, tenantId, accountPk, now } = context;
  const { content } = checked;
  const attachments = checked.attachments.map((attachment, position) =>
    draftAttachment(attachment, { ...context, position }),
  );
  const eligibleAt = Math.max(now, scheduledAt(input));
  const recipients = envelopeOf(checked);
  const domain = content.from.address.slice(content.from.address.lastIndexOf('@') + 1);
  const id = input.id ?? pk;
  const messageId = checked.messageId ?? messageIdFor(pk, domain);
  const { raw } = content;
  const json =
    raw === null ? context.json : JSON.stringify({ ...content, raw: withHead(raw, { id, messageId, date: now }) });
  return {
    message: {
      pk,
      tenant_id: tenantId,
      id,
      account_pk: accountPk,
      priority: input.priority ?? context.defaultPriority,
      eligible_at: eligibleAt,
      batch_code: input.batch_code ?? null,
      message_id: messageId,
      expires_at: input.expires_at === undefined ? eligibleAt + context.maxAgeMs : Date.parse(input.expires_at),
      on_in_doubt: input.on_in_doubt ?? context.onInDoubt,
      units: recipients.length,
      unfetched: attachments.filter(({ content }) => content === null).length + (context.needsPreparing ? 1 : 0),
      size_bytes: checked.attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, Buffer.byteLength(json)),
      created_at: now,
    },
    content: json,
    recipients,
    attachments,
  };
}

function withHead(raw: RawHead, values: HeadValues): RawHead {
  return { ...raw, head: completeHead(raw.head, values) };
}

function draftAttachment(
  { auth, content, sizeBytes: _, ...attachment }: CheckedAttachment,
  { stored, sealAuth, pk: messagePk, position }: Pick<DraftContext, 'stored' | 'sealAuth'> & AttachmentPlace,
): DraftAttachment {
  return {
    ...attachment,
    auth: auth === null ? null : sealAuth(auth, { messagePk, position }),
    content: isHeldFile(content) ? (stored.get(position) ?? null) : content,
  };
}

interface AttachmentPlace {
  readonly pk: string;
  readonly position: number;
}

function scheduledAt({ deferred_ts, send_at }: Scheduled): number {
  if (send_at !== undefined) return Date.parse(send_at);
  return deferred_ts === undefined ? 0 : deferred_ts * 1_000;
}

/** An address in several fields is served once. The local part may matter by case, the domain does not. */
export function envelopeOf({ content, bcc }: Pick<CheckedMessage, 'content' | 'bcc'>): MessageDraft['recipients'] {
  const recipients = [
    ...membersOf(content.to).map(({ address }) => ({ kind: 'to' as const, address })),
    ...membersOf(content.cc).map(({ address }) => ({ kind: 'cc' as const, address })),
    ...bcc.map(({ address }) => ({ kind: 'bcc' as const, address })),
  ];
  if (recipients.length === 1) return recipients;
  const seen = new Set<string>();
  return recipients.filter(({ address }) => {
    const at = address.lastIndexOf('@');
    const key = address.slice(0, at) + address.slice(at).toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
