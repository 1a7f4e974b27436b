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
  /** By a mac of ours: whoever knows the address or the id has the message, or passed it on. */
  readonly isSigned: boolean;
  /**
   * No stranger made it up: it is signed, or returns a Message-ID that we made, which cannot be guessed. Every recipient
   * knows that one, and archives show it.
   */
  readonly isTrusted: boolean;
  /** Whose bounces come to where it was sent; null where that says nothing. */
  readonly recipient: SentRecipient | null;
  /** Whom it may be about. What is not signed is about those only whom it names and a relay took, a while ago at most. */
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

/** For so long an id that is not signed still names a message: longer than servers try (RFC 5321 §4.5.4.1). */
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
    return { ...signed(mail, 'return_path'), recipient };
  }
  const named = original.envelopeId === null ? null : paths.readEnvelopeId(original.envelopeId);
  const enveloped = named === null ? null : await sent.byPk(named, tenantId);
  if (enveloped !== null) return signed(enveloped, 'envelope_id');
  return (await byMessageId(returned, sent)) ?? (await byMailId(returned, sent));
}

function signed(mail: SentMail, by: MatchedBy): Match {
  return { mail, by, isSigned: true, isTrusted: true, recipient: null, candidates: mail.recipients };
}

async function byMessageId(returned: Returned, sent: SentMailStore): Promise<Match | null> {
  const { original, tenantId } = returned;
  const { messageId, isAnswered } = original;
  if (messageId === null) return null;
  const [, pk] = OWN_MESSAGE_ID.exec(messageId) ?? [];
  const own = pk === undefined ? null : await sent.byPk(pk.toLowerCase(), tenantId);
  if (own !== null && own.messageId === messageId) {
    const candidates = ofOwnId(own, returned);
    if (candidates.length === 0) return null;
    return { mail: own, by: 'message_id', isSigned: false, isTrusted: !isAnswered, recipient: null, candidates };
  }
  return onlyOne(await sent.byGivenMessageId(messageId, tenantId), returned, 'message_id');
}

/** Those whom it names; the only recipient where it names nobody, as complaints do. */
function ofOwnId(mail: SentMail, returned: Returned): readonly SentRecipient[] {
  if (returned.addresses.length > 0) return namedIn(mail, returned);
  const [only, ...others] = mail.recipients;
  return only === undefined || others.length > 0 ? [] : mail.recipients.filter((each) => isRecent(each, returned));
}

async function byMailId(returned: Returned, sent: SentMailStore): Promise<Match | null> {
  const { mailId } = returned.original;
  return mailId === null ? null : onlyOne(await sent.byId(mailId, returned.tenantId), returned, 'mail_id');
}

/** `<pk@domain>`, as we make it. */
const OWN_MESSAGE_ID = /^<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@[^@]+>$/i;

/** Anybody may know such an id: it counts for a message that went to one of these addresses lately, if there is but one. */
function onlyOne(mails: readonly SentMail[], returned: Returned, by: MatchedBy): Match | null {
  const matches = mails.flatMap((mail) => {
    const candidates = namedIn(mail, returned);
    return candidates.length === 0
      ? []
      : [{ mail, by, isSigned: false, isTrusted: false, recipient: null, candidates }];
  });
  const [match, ...others] = matches;
  return others.length > 0 ? null : (match ?? null);
}

function namedIn(mail: SentMail, returned: Returned): readonly SentRecipient[] {
  const named = new Set(returned.addresses.map((address) => address.toLowerCase()));
  return mail.recipients.filter((each) => isRecent(each, returned) && named.has(each.address.toLowerCase()));
}

function isRecent({ isSent, since }: SentRecipient, { now }: Returned): boolean {
  return isSent && since > now - UNSIGNED_FOR_MS;
}
