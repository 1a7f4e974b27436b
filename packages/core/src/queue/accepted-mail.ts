// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import { TransientMap } from '../transient.ts';

/** What was stored of a message: its sealed content and the envelope. */
export type AcceptedMessage = Pick<MessageDraft, 'content' | 'recipients'>;

/** What decides whether a draft is remembered. */
export interface AcceptedDraft extends AcceptedMessage {
  readonly message: Pick<MessageDraft['message'], 'pk' | 'eligible_at' | 'created_at' | 'unfetched'>;
  readonly attachments: readonly unknown[];
}

interface Entry {
  readonly message: AcceptedMessage;
  readonly until: number;
}

export interface AcceptedMailOptions {
  readonly clock: Clock;
  /** Of all contents, in UTF-16 code units. @defaultValue 8 Mi */
  readonly maxLength?: number;
  /** Milliseconds. @defaultValue a minute */
  readonly maxAgeMs?: number;
}

const MAX_LENGTH = 8 * 1_048_576;
const MAX_AGE_MS = 60_000;
/** A content that is longer is read when its attempt begins. */
const MAX_LENGTH_EACH = 65_536;

/**
 * What was accepted a moment ago and may go out at once, so that its first attempt does not read it back. What is taken
 * out is gone: the attempts that follow, whose recipients are others by then, read what is stored.
 *
 * For a database that is ours alone, as what another process changed would not be noticed. What does not fit is not
 * remembered rather than in the place of older ones, which are claimed first.
 */
export class AcceptedMail {
  readonly #clock: Clock;
  readonly #maxLength: number;
  readonly #maxAgeMs: number;
  /** The oldest first. */
  readonly #entries = new TransientMap<string, Entry>();
  #length = 0;

  constructor({ clock, maxLength = MAX_LENGTH, maxAgeMs = MAX_AGE_MS }: AcceptedMailOptions) {
    this.#clock = clock;
    this.#maxLength = maxLength;
    this.#maxAgeMs = maxAgeMs;
  }

  /** Before it is stored: a message that is not stored after all is never claimed. */
  remember({ message, content, recipients, attachments }: AcceptedDraft): void {
    const { pk, eligible_at, created_at, unfetched } = message;
    if (eligible_at > created_at || unfetched > 0 || attachments.length > 0) return;
    const now = this.#clock.monotonic();
    this.#forgetOld(now);
    if (content.length > MAX_LENGTH_EACH || this.#length + content.length > this.#maxLength) return;
    this.forget(pk);
    this.#entries.set(pk, { message: { content, recipients }, until: now + this.#maxAgeMs });
    this.#length += content.length;
  }

  has(pk: string): boolean {
    return this.#entries.has(pk);
  }

  take(pk: string): AcceptedMessage | undefined {
    const entry = this.#entries.get(pk);
    this.forget(pk);
    return entry === undefined || entry.until <= this.#clock.monotonic() ? undefined : entry.message;
  }

  /** What is stored of it has changed, or is about to. */
  forget(pk: string): void {
    const entry = this.#entries.get(pk);
    if (entry === undefined) return;
    this.#entries.delete(pk);
    this.#length -= entry.message.content.length;
  }

  #forgetOld(now: number): void {
    for (const [pk, { until }] of this.#entries.entries()) {
      if (until > now) return;
      this.forget(pk);
    }
  }
}
