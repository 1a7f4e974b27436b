// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReplyReason } from '@mail-proxy/core';

/** Why a mail came back, see docs/guide/bounces.md; the words of a single reply are read in the same way. */
export type ReasonClass = ReplyReason;

/** What a mail that reached a return path turned out to be. */
export type ReturnedMail = Bounce | Complaint | NoBounce;

/** One mail that tells what became of an earlier one, for one or more of its recipients. */
export interface Bounce {
  /** `delay`: all that it says is that it is still being tried; nothing has failed yet. */
  readonly kind: 'bounce' | 'delay';
  /** Those that failed or are late; none where the mail does not say who. Never those that got the mail. */
  readonly recipients: readonly ReturnedRecipient[];
  /** What is said of the mail as a whole: of the first recipient, or where none can be told, of nobody. */
  readonly summary: Omit<ReturnedRecipient, 'address' | 'originalAddress'>;
  readonly original: OriginalMail;
  /** Host that wrote the report, as it calls itself. */
  readonly reportingMta: string | null;
}

/** A recipient who called a mail spam (RFC 5965). */
export interface Complaint {
  readonly kind: 'complaint';
  /** `abuse`, `fraud`, `virus`, `other`, ...: lower case, as it came, at most 40 characters. */
  readonly feedbackType: string;
  /** Those who complained, where the report says it. */
  readonly recipients: readonly string[];
  readonly original: OriginalMail;
}

/** Everything else. `report`: DMARC, TLS. `success-dsn`: delivered, relayed or expanded, nobody failed. */
export interface NoBounce {
  readonly kind: 'success-dsn' | 'autoreply' | 'challenge' | 'mdn' | 'report' | 'other';
  readonly original: OriginalMail;
}

/** What became of one recipient. */
export interface ReturnedRecipient {
  /** As the host that gave up knew it: without brackets and `rfc822;`, at most 320 characters. */
  readonly address: string;
  /** As it was when the mail was handed over, where a relay rewrote it and tells so. */
  readonly originalAddress: string | null;
  readonly action: 'failed' | 'delayed';
  /** Enhanced status of RFC 3463, `5.1.1`: the other side's own where it is quoted, else the reporting host's. */
  readonly status: string | null;
  /** SMTP reply code, 400 to 599, where one is quoted. */
  readonly replyCode: number | null;
  /** What the other side wrote: one line without control characters, at most 500 characters; may be empty. */
  readonly reason: string;
  readonly reasonClass: ReasonClass;
  readonly permanence: 'permanent' | 'temporary';
  /** The address itself is no good and may be suppressed; false for a full mailbox, spam, policy and the like. */
  readonly addressDead: boolean;
}

/** What the returned mail says about the mail that it answers; to be believed only as far as it can be checked. */
export interface OriginalMail {
  /** Message-ID of the original, with its angle brackets. */
  readonly messageId: string | null;
  /** It is the one that the mail answers (`In-Reply-To`, `References`): any answer has it, without the original. */
  readonly isAnswered: boolean;
  /** `Original-Envelope-Id` of a DSN (RFC 3464 §2.2.1), as it came. */
  readonly envelopeId: string | null;
  /** `X-Genro-Mail-ID` of the original. */
  readonly mailId: string | null;
  /** Where the returned mail itself was addressed: `Delivered-To`, `X-Original-To`, `To`, `Received … for`; for VERP. At most 20. */
  readonly addressedTo: readonly string[];
}

/**
 * Read what came back. Pure: the same bytes give the same answer, and no bytes make it throw. What lies beyond its
 * limits (size, depth, parts) is not read.
 */
export type ReadReturnedMail = (raw: Uint8Array) => Promise<ReturnedMail>;
