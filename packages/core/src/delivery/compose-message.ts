// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { RawHead, StoredContent } from '../entities/message/stored-content.ts';
import type { Enveloping, HookedMessage } from '../mixin/hooks.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { LoadedMessage } from '../queue/load-claimed.ts';
import { hasNonAscii } from '../smtp/compose/address.ts';
import { compose, envelopeNeedsSmtpUtf8 } from '../smtp/compose/compose.ts';
import type { ComposedMessage, MailAttachment, MailContent } from '../smtp/compose/content.ts';
import { type DkimSigningKey, signDkim, signStreamedDkim } from '../smtp/compose/dkim.ts';
import { type MessageBody, streamedBody } from '../smtp/message-body.ts';
import { ID_HEADER } from '../smtp/raw/complete-head.ts';

/** A message as one attempt sends it. */
export interface WireMessage {
  readonly from: string;
  /** The reverse path for each recipient. @defaultValue `from` for all */
  readonly fromFor?: (recipient: string) => string;
  /** Told to relays that offer DSN. */
  readonly envelopeId?: string;
  /** All recipients in one transaction, or nothing is sent. @defaultValue false */
  readonly allOrNone?: boolean;
  readonly body: MessageBody;
  /** The header or the sender needs SMTPUTF8, whoever the recipients are. */
  readonly needsSmtpUtf8: boolean;
}

/** What a message is composed of beside its row. Files that are large come as sources. */
export interface ComposedOf {
  readonly stored: StoredContent;
  readonly attachments: readonly (Omit<LoadedMessage['attachments'][number], 'bytes'> &
    Pick<MailAttachment, 'bytes'>)[];
  /** Files that mixins took out of it. */
  readonly detached: LoadedMessage['detached'];
}

/**
 * The same bytes in every attempt: Message-ID, Date, the id header and the time of the signatures come from the
 * stored row, never from now. Only a message with a source is waited for, while it is read for its signatures.
 *
 * @param composing - changes of the mixins; they come before the signatures, and not to a message that came complete
 * @param signingKeys - those of the domain in From
 * @throws Error where a source cannot be read: what it throws, or that its size was wrong
 */
export function composeMessage(
  message: ClaimedMessage,
  { stored, attachments, detached }: ComposedOf,
  composing: (content: MailContent) => MailContent,
  signingKeys: readonly DkimSigningKey[],
): WireMessage | Promise<WireMessage> {
  const composed = (): ComposedMessage =>
    compose(
      composing({
        from: stored.from,
        to: stored.to,
        cc: stored.cc,
        replyTo: stored.replyTo,
        subject: stored.subject,
        text: stored.text,
        html: stored.html,
        calendar: stored.calendar,
        headers: [...stored.headers, [ID_HEADER, message.id]],
        attachments: attachments.map((attachment) => ({
          filename: attachment.filename,
          mimeType: attachment.mime_type,
          disposition: attachment.disposition,
          contentId: attachment.content_id,
          bytes: attachment.bytes,
        })),
        detached,
        messageId: message.message_id,
        date: message.created_at,
      }),
    );
  const { body, smtpUtf8 } = stored.raw === null ? composed() : complete(stored.raw, attachments);
  const signedAt = Math.floor(message.created_at / 1_000);
  const from = stored.returnPath;
  const needsSmtpUtf8 = smtpUtf8 || envelopeNeedsSmtpUtf8([from]);
  if (Buffer.isBuffer(body)) return { from, body: signDkim(body, signingKeys, signedAt), needsSmtpUtf8 };
  return signStreamedDkim(body, signingKeys, signedAt).then((signed) => ({ from, body: signed, needsSmtpUtf8 }));
}

/** The message in the envelope that mixins chose. */
export function inEnvelope(wire: WireMessage, { returnPath, envelopeId, allOrNone }: Enveloping): WireMessage {
  if (returnPath === undefined && envelopeId === undefined && allOrNone === undefined) return wire;
  return {
    ...wire,
    ...(typeof returnPath === 'string' ? { from: returnPath } : {}),
    ...(typeof returnPath === 'function' ? { fromFor: returnPath } : {}),
    ...(envelopeId === undefined ? {} : { envelopeId }),
    ...(allOrNone === undefined ? {} : { allOrNone }),
  };
}

/** A message that came complete: nothing of it is changed any more. */
function complete({ head, isAscii }: RawHead, [body]: ComposedOf['attachments']): ComposedMessage {
  if (body === undefined) throw new Error('a message that came complete has lost its body');
  const { bytes } = body;
  const start = Buffer.from(`${head}\r\n`);
  return {
    body:
      bytes instanceof Uint8Array ? Buffer.concat([start, bytes]) : streamedBody([start, { lines: bytes, isAscii }]),
    // RFC 6532 §3.2: only then may a header have them as they are.
    smtpUtf8: hasNonAscii(head),
  };
}

/** What hooks are told of a message. */
export function hookedMessage(message: ClaimedMessage): HookedMessage {
  return {
    messagePk: message.pk,
    id: message.id,
    tenantId: message.tenant_id,
    accountPk: message.account_pk,
    attempt: message.attempts + 1,
  };
}
