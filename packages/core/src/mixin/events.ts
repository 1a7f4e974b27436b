// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statement } from '../database/statement.ts';

/** What somebody said of one recipient of a message after a relay took it. */
export interface EventFeedback {
  /** The recipient, as the message had it where that is known. */
  readonly recipient: string;
  /** Of a bounce: `hard` where no other try will help, `soft` where one may. Null in what is no bounce. */
  readonly bounceType: 'hard' | 'soft' | null;
  /** The enhanced status code, or the reply code where there is none. */
  readonly code: string | null;
  /** Enhanced status code (RFC 3463). */
  readonly status: string | null;
  /** A word of a closed list of whoever read it, such as `mailbox_full`. */
  readonly reasonClass: string | null;
  readonly permanence: 'permanent' | 'temporary' | null;
  /** Nobody will ever be reached at that address. */
  readonly addressDead: boolean;
  /** Name of the server that says so. */
  readonly reportedBy: string | null;
  /** Of a complaint: what about (RFC 5965), such as `abuse`. */
  readonly feedbackType: string | null;
}

/** The types of core that mixins may append. */
export type FeedbackType = 'bounce' | 'complaint';

/** A type that a mixin adds: its id, with `_` for `-`, then `_` and what happened, in lower case. */
export type MixinEventType = `${string}_${string}`;

/** A line to be added to a message's history. */
export interface AppendedEvent {
  readonly messagePk: string;
  /** Whose message it has to be: of another tenant's nothing is written. */
  readonly tenantId: string;
  /** One of core's for mixins, or one that the mixin lists as its own in {@link Mixin.eventTypes}. */
  readonly type: FeedbackType | MixinEventType;
  /** Makes it one: where the message has an event of this mixin with the same key, nothing is written. @defaultValue each is another */
  readonly once?: string;
  /** For a person; one line. */
  readonly reason?: string;
  readonly feedback?: EventFeedback;
  /** What else is to be shown of it, by names in snake_case. */
  readonly extra?: Readonly<Record<string, string | number | boolean | null>>;
}

/** An event that can be written. */
export interface Appended {
  /** The stable id that it has in reports, if it is written. */
  readonly eventPk: string;
  /** To be written in one unit, with what else belongs to it. They fail for no message: see {@link Appended.committed}. */
  readonly statements: readonly Statement[];
  /**
   * Call it after the commit: the event is counted and the tenant told, at once instead of within seconds.
   *
   * @returns whether the event is new: false where it was known before, or the message is gone or another tenant's
   */
  committed(): Promise<boolean>;
}

/** Adds to the histories of messages. */
export interface MixinEvents {
  /**
   * @throws {TypeError} for a type that the mixin has not listed
   */
  append(event: AppendedEvent): Appended;
}
