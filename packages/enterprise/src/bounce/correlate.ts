// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { OriginalMail } from './reading/returned-mail.types.ts';
import { type ReturnPaths, recipientTag } from './return-path.ts';
import type { SentMail, SentMailStore, SentRecipient } from './sent-mail.store.ts';

/** How a bounce named its message, the surest first. */
export const MATCHED_BY = ['return_path', 'envelope_id', 'message_id', 'mail_id'] as const;
export type MatchedBy = (typeof MATCHED_BY)[number];

/** The message that a bounce is about. */
export interface Match {
  readonly mail: SentMail;
  readonly by: MatchedBy;
  /**
   * Nobody made it up who did not have the message: by a mac of ours, or by a Message-ID that we made, which cannot be
   * guessed.
   */
  readonly isTrusted: boolean;
  /** Whose bounces come to where it was sent; null where that says nothing. */
  readonly recipient: SentRecipient | null;
  /** What names no message of its own is about those only whom a relay took, a while ago at most. */
  readonly candidates: readonly SentRecipient[];
}

export interface CorrelateParts {
  readonly paths: ReturnPaths;
  readonly sent: SentMailStore;
}

export interface Returned {
  readonly original: OriginalMail;
  /** Whom it is about, as it says. */
  readonly addresses: readonly string[];
  /** Whose mailbox it came to; null for the operator's, where bounces of all tenants come to. */
  readonly tenantId: string | null;
  /** Milliseconds. */
  readonly now: number;
}

/** For so long an id that anybody may know still names a message: longer than servers try (RFC 5321 §4.5.4.1). */
export const UNSIGNED_FOR_MS = 14 * 86_400_000;

/** Find the message that came back, null where nothing names one of the tenant. What is forged names none. */
export async function correlate(returned: Returned, { paths, sent }: CorrelateParts): Promise<Match | null> {
  const { original, tenantId } = returned;
  for (const address of original.addressedTo) {
    const path = paths.read(address);
    const mail = path === null ? null : await sent.byPk(path.messagePk, tenantId);
    if (path === null || mail === null) continue;
    const recipient =
      path.tag === null ? null : (mail.recipients.find((each) => recipientTag(each.address) === path.tag) ?? null);
    return { mail, by: 'return_path', isTrusted: true, recipient, candidates: mail.recipients };
  }
  const named = original.envelopeId === null ? null : paths.readEnvelopeId(original.envelopeId);
  const enveloped = named === null ? null : await sent.byPk(named, tenantId);
  if (enveloped !== null) {
    return { mail: enveloped, by: 'envelope_id', isTrusted: true, recipient: null, candidates: enveloped.recipients };
  }
  return (await byMessageId(returned, sent)) ?? (await byMailId(returned, sent));
}

async function byMessageId(returned: Returned, sent: SentMailStore): Promise<Match | null> {
  const { original, tenantId } = returned;
  const { messageId } = original;
  if (messageId === null) return null;
  const [, pk] = OWN_MESSAGE_ID.exec(messageId) ?? [];
  const own = pk === undefined ? null : await sent.byPk(pk.toLowerCase(), tenantId);
  if (own !== null && own.messageId === messageId) {
    const candidates = own.recipients.filter(({ isSent }) => isSent);
    if (candidates.length === 0) return null;
    return { mail: own, by: 'message_id', isTrusted: true, recipient: null, candidates };
  }
  return onlyOne(await sent.byGivenMessageId(messageId, tenantId), returned, 'message_id');
}

async function byMailId(returned: Returned, sent: SentMailStore): Promise<Match | null> {
  const { mailId } = returned.original;
  return mailId === null ? null : onlyOne(await sent.byId(mailId, returned.tenantId), returned, 'mail_id');
}

/** `<pk@domain>`, as we make it. */
const OWN_MESSAGE_ID = /^<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@[^@]+>$/i;

/** Anybody may know such an id: it counts for a message that went to one of these addresses lately, if there is but one. */
function onlyOne(mails: readonly SentMail[], { addresses, now }: Returned, by: MatchedBy): Match | null {
  const wanted = new Set(addresses.map((address) => address.toLowerCase()));
  const matches = mails.flatMap((mail) => {
    const candidates = mail.recipients.filter(
      ({ address, isSent, since }) => isSent && since > now - UNSIGNED_FOR_MS && wanted.has(address.toLowerCase()),
    );
    return candidates.length === 0 ? [] : [{ mail, by, isTrusted: false, recipient: null, candidates }];
  });
  const [match, ...others] = matches;
  return others.length > 0 ? null : (match ?? null);
}
