// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { StoredContent } from '../entities/message/stored-content.ts';
import type { HookedMessage } from '../mixin/hooks.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { LoadedMessage } from '../queue/load-claimed.ts';
import { compose, envelopeNeedsSmtpUtf8 } from '../smtp/compose/compose.ts';
import type { MailContent } from '../smtp/compose/content.ts';
import { type DkimSigningKey, signDkim } from '../smtp/compose/dkim.ts';

/** A message as one attempt sends it. */
export interface WireMessage {
  readonly from: string;
  readonly bytes: Buffer;
  /** The header or the sender needs SMTPUTF8, whoever the recipients are. */
  readonly needsSmtpUtf8: boolean;
}

/** By which the original's clients, and bounces that quote headers, find the message again. */
const ID_HEADER = 'X-Genro-Mail-ID';

/**
 * The same bytes in every attempt: Message-ID, Date, the id header and the time of the signatures come from the
 * stored row, never from now.
 *
 * @param composing - changes of the mixins; they come before the signatures
 * @param signingKeys - those of the domain in From
 */
export function composeMessage(
  message: ClaimedMessage,
  { stored, attachments }: Pick<LoadedMessage, 'attachments'> & { readonly stored: StoredContent },
  composing: (content: MailContent) => MailContent,
  signingKeys: readonly DkimSigningKey[],
): WireMessage {
  const composed = compose(
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
      messageId: message.message_id,
      date: message.created_at,
    }),
  );
  return {
    from: stored.returnPath,
    bytes: signDkim(composed.bytes, signingKeys, Math.floor(message.created_at / 1_000)),
    needsSmtpUtf8: composed.smtpUtf8 || envelopeNeedsSmtpUtf8([stored.returnPath]),
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
