// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Log, silentLog } from '../observability/log.ts';
import type { Classification } from '../smtp/classification.types.ts';
import type { MailContent } from '../smtp/compose/content.ts';

/** Which message a hook is asked about. */
export interface HookedMessage {
  readonly messagePk: string;
  /** The client's id. */
  readonly id: string;
  readonly tenantId: string;
  readonly accountPk: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
}

/** Sender and recipients of one attempt: those still pending. */
export interface HookedEnvelope {
  /** Reverse path without brackets; empty for the null sender. */
  readonly from: string;
  readonly to: readonly string[];
}

/** What is written on the envelope of one attempt; what is absent is as it would be otherwise. */
export interface Enveloping {
  /**
   * Reverse path without brackets; or the one for each recipient, where those with the same share a transaction and the
   * others have each one of their own, which counts under rate limits.
   */
  readonly returnPath?: string | ((recipient: string) => string);
  /**
   * Told to relays that offer DSN, and found again in what they return (RFC 3461 §4.4): 1 to 100 visible characters of
   * ASCII. With it only the header of a message comes back, not all of it.
   */
  readonly envelopeId?: string;
}

/** Whether an attempt may go on. */
export type Admission =
  | { readonly admit: true }
  /** `temporary` defers the message, `permanent` fails it. `reason` is shown to the client: no secret in it. */
  | { readonly admit: false; readonly reason: string; readonly permanence: Classification['permanence'] };

/** What the relay took in one attempt, as the database holds it by now. */
export interface Delivery extends HookedMessage {
  /** Message-ID header with brackets. */
  readonly messageId: string;
  /** The recipients for whom the relay took responsibility in this attempt; at least one. */
  readonly accepted: readonly string[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The places where a mixin takes part in a delivery. Mixins are called in the order of the list they came in.
 * For one attempt the hooks run in the order they stand here.
 */
export interface Hooks {
  /**
   * Answer whether this attempt may be made; called before a connection is used.
   *
   * Order: first answer. The first mixin that does not answer null decides and no later one is asked; when none
   * answers, the attempt is admitted.
   * Errors: fail the attempt as a bug does; the message is tried again.
   */
  admitting(message: HookedMessage, envelope: HookedEnvelope): Admission | null | Promise<Admission | null>;
  /**
   * Choose where what comes back of this attempt goes to. Called before the message is composed. Not the sender that
   * people see: that is the message's.
   *
   * Order: first answer. The first mixin that does not answer null decides and no later one is asked; one that answers
   * `{}` keeps the envelope as it is.
   * Errors: fail the attempt as a bug does; the message is tried again.
   */
  enveloping(message: HookedMessage, envelope: HookedEnvelope): Enveloping | null | Promise<Enveloping | null>;
  /**
   * Change what the message says before it becomes bytes. Pure: called once per attempt, and every attempt must
   * send the same message. Header names and values must be such as the header policy lets through; `messageId`
   * stays as it is. Not called for a message that came complete, which is sent as its author wrote it.
   *
   * Order: waterfall. Each mixin is given what the one before returned.
   * Errors: fail the attempt as a bug does; the message is tried again, no later mixin is called.
   */
  composing(content: MailContent, message: HookedMessage): MailContent;
  /**
   * Learn that a relay took a message; called after the outcome is committed, at most once (a crash between the
   * commit and the call loses it).
   *
   * Order: one after the other; each is awaited before the next.
   * Errors: logged; they change nothing and the next mixin is called.
   */
  delivered(delivery: Delivery): void | Promise<void>;
}

/** The hooks of one mixin. */
export interface HookSource {
  /** The mixin's id, named in the log. */
  readonly mixin: string;
  readonly hooks: Partial<Hooks>;
}

/** All hooks as one, as the engine calls them. */
export interface CombinedHooks extends Hooks {
  admitting(message: HookedMessage, envelope: HookedEnvelope): Promise<Admission>;
  enveloping(message: HookedMessage, envelope: HookedEnvelope): Promise<Enveloping>;
  /** Never rejects. */
  delivered(delivery: Delivery): Promise<void>;
}

/** Combine the hooks of all mixins, in this order, by the rules that {@link Hooks} states. */
export function combineHooks(sources: readonly HookSource[], log: Log = silentLog): CombinedHooks {
  return {
    async admitting(message, envelope) {
      for (const { hooks } of sources) {
        const answer = await hooks.admitting?.(message, envelope);
        if (answer) return answer;
      }
      return { admit: true };
    },
    async enveloping(message, envelope) {
      for (const { hooks } of sources) {
        const answer = await hooks.enveloping?.(message, envelope);
        if (answer) return answer;
      }
      return {};
    },
    composing(content, message) {
      return sources.reduce(
        (changed, { hooks }) => (hooks.composing ? hooks.composing(changed, message) : changed),
        content,
      );
    },
    async delivered(delivery) {
      for (const { mixin, hooks } of sources) {
        try {
          await hooks.delivered?.(delivery);
        } catch (error) {
          const { messagePk, tenantId } = delivery;
          log.error({ mixin, messagePk, tenantId, err: error }, 'a mixin failed after a delivery');
        }
      }
    },
  };
}
