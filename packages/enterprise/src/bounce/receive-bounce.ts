// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Appended, Clock, MixinEvents, Statement, Suppressions } from '@mail-proxy/core';
import { type CorrelateParts, correlate, type Match, type MatchedBy } from './correlate.ts';
import { bouncesOf, complaintsOf, type RecipientFeedback } from './feedback-of.ts';
import { withoutMoreForwarded } from './forwarded.ts';
import type { Bounce, Complaint, ReadReturnedMail, ReturnedMail } from './reading/returned-mail.types.ts';
import type { BounceSettingsStore } from './settings.store.ts';
import { strikeOf } from './strike-of.ts';
import type { UnmatchedStore } from './unmatched.store.ts';

export interface ReceiveParts extends CorrelateParts {
  readonly read: ReadReturnedMail;
  readonly events: MixinEvents;
  readonly settings: Pick<BounceSettingsStore, 'recent'>;
  readonly unmatched: Pick<UnmatchedStore, 'keep'>;
  readonly suppressions: Suppressions;
  readonly clock: Clock;
}

/** A mail that came back, and whose it is. */
export interface Received {
  readonly raw: Uint8Array;
  /** SHA-256 of it, in hex. */
  readonly hash: string;
  /** Whose mailbox it came to; null for the operator's. */
  readonly tenantId: string | null;
}

/** What is to be written because of a mail. */
export interface Reception {
  readonly kind: ReturnedMail['kind'];
  readonly match: Match | null;
  readonly statements: readonly Statement[];
  /** After the commit: counts, tells, and says what became of it. */
  committed(): Promise<ReceivedBounce>;
}

/** What became of a mail that came back. */
export interface ReceivedBounce {
  readonly kind: ReturnedMail['kind'];
  /** Null where no message was found, or none was looked for. */
  readonly matchedBy: MatchedBy | null;
  /** Kept with those whose messages are not known. */
  readonly isUnmatched: boolean;
  readonly events: readonly ReceivedEvent[];
}

export interface ReceivedEvent {
  readonly eventPk: string;
  readonly type: 'bounce' | 'complaint';
  readonly messagePk: string;
  readonly messageId: string;
  readonly tenantId: string;
  readonly recipient: string;
  /** False where the same was told before. */
  readonly isNew: boolean;
}

/**
 * Read a mail that came back and find the message that it is about. Delays, automatic replies and the like are told apart
 * and leave nothing behind: of a message that is still being tried there is nothing to say yet.
 */
export async function receiveBounce(received: Received, parts: ReceiveParts): Promise<Reception> {
  const mail = await parts.read(received.raw);
  if (mail.kind !== 'bounce' && mail.kind !== 'complaint') return nothing(mail.kind);
  const { tenantId, hash } = received;
  const addresses = addressesOf(mail);
  const match = await correlate({ original: mail.original, addresses, tenantId, now: parts.clock.now() }, parts);
  const found = match === null ? [] : await withoutMoreForwarded(feedbackOf(mail, match), match.mail, parts.sent);
  if (match === null || found.length === 0) {
    const why = match === null ? 'no_message' : 'no_recipient';
    const statements = parts.unmatched.keep({ tenantId, hash, why, mail });
    const outcome = { kind: mail.kind, matchedBy: match?.by ?? null, isUnmatched: true, events: [] };
    return { kind: mail.kind, match, statements, committed: async () => outcome };
  }
  return reception(mail.kind, { match, found }, parts);
}

interface Found {
  readonly match: Match;
  readonly found: readonly RecipientFeedback[];
}

async function reception(kind: ReturnedMail['kind'], { match, found }: Found, parts: ReceiveParts): Promise<Reception> {
  const { events, settings, suppressions, clock } = parts;
  const { mail } = match;
  const appended = found.map((recipient) => {
    const { type, reason, feedback, once } = recipient;
    const event = { messagePk: mail.pk, tenantId: mail.tenantId, type, reason, feedback, once };
    return { recipient, event: events.append(event) };
  });
  const mayStrike = match.isTrusted || (await settings.recent(mail.tenantId))?.trustUnsignedIds === true;
  const strikes = mayStrike
    ? appended.flatMap(({ recipient, event }) =>
        strikeOf(recipient, { match, eventPk: event.eventPk, at: clock.now() }),
      )
    : [];
  const counting = await suppressions.suppress(strikes);
  return {
    kind,
    match,
    statements: [...appended.flatMap(({ event }) => event.statements), ...counting],
    async committed() {
      if (counting.length > 0) suppressions.changed(mail.tenantId);
      const told = await Promise.all(appended.map((each) => receivedEvent(each, match)));
      return { kind, matchedBy: match.by, isUnmatched: false, events: told };
    },
  };
}

async function receivedEvent(
  { recipient, event }: { readonly recipient: RecipientFeedback; readonly event: Appended },
  { mail }: Match,
): Promise<ReceivedEvent> {
  return {
    eventPk: event.eventPk,
    type: recipient.type,
    messagePk: mail.pk,
    messageId: mail.id,
    tenantId: mail.tenantId,
    recipient: recipient.feedback.recipient,
    isNew: await event.committed(),
  };
}

function feedbackOf(mail: Bounce | Complaint, match: Match): readonly RecipientFeedback[] {
  return mail.kind === 'complaint' ? complaintsOf(mail, match) : bouncesOf(mail, match);
}

function addressesOf(mail: Bounce | Complaint): readonly string[] {
  if (mail.kind === 'complaint') return mail.recipients;
  return mail.recipients.flatMap(({ address, originalAddress }) =>
    originalAddress === null ? [address] : [address, originalAddress],
  );
}

function nothing(kind: ReturnedMail['kind']): Reception {
  return {
    kind,
    match: null,
    statements: [],
    committed: async () => ({ kind, matchedBy: null, isUnmatched: false, events: [] }),
  };
}
