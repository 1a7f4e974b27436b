// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Log, silentLog } from '../observability/log.ts';
import type { Classification } from '../smtp/classification.types.ts';
import type { DetachedFile, MailContent } from '../smtp/compose/content.ts';
import type { HeaderAddresses } from '../smtp/raw/header-addresses.ts';
import { type Answer, firstAnswer, whenGiven } from './answers.ts';

/** Which message a hook is asked about. In one attempt it is one object for all hooks. */
export interface HookedMessage {
  readonly messagePk: string;
  /** The client's id. */
  readonly id: string;
  readonly tenantId: string;
  readonly accountPk: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
}

/** A message that is submitted; nothing of it is stored. */
export interface SubmittedMessage {
  /** The client's; null where it gave none. */
  readonly id: string | null;
  readonly tenantId: string;
  readonly accountPk: string;
}

/** A mail, for rules about who writes to whom. */
export interface HookedMail {
  /** Reverse paths without brackets, each once: one, unless recipients have their own. Empty for the null sender. */
  readonly returnPaths: readonly string[];
  /** Envelope recipients, each once. */
  readonly to: readonly string[];
  /** Read what the header says. Ask once, before the answer, and only if needed: it is parsed anew each time. */
  header(): HeaderAddresses;
}

/** A mail as it is submitted, to all its recipients. */
export interface SubmittedMail extends HookedMail {
  /** Octets that it will have at least: files that are still to be fetched count nothing. */
  readonly minBytes: number;
  /** It came complete, and is sent as its author wrote it. */
  readonly isComplete: boolean;
}

/** A mail as one attempt sends it. */
export interface OutgoingMail extends HookedMail {
  /**
   * Recipients of the message in all: more than `to` where attempts before decided some, or some are on the suppression
   * list.
   */
  readonly recipients: number;
  /** Octets, as MAIL announces them (RFC 1870 §5). */
  readonly sizeBytes: number;
  /** Files that mixins took out of it, as {@link Hooks.composing} had them. */
  readonly detached: readonly DetachedFile[];
}

/** A file of a message that is submitted. */
export interface SubmittedFile {
  readonly filename: string;
  readonly disposition: 'attachment' | 'inline';
  /** Null where its bytes are still to be fetched. */
  readonly sizeBytes: number | null;
}

/** A file of a message that is being prepared; its bytes are stored. */
export interface BroughtFile {
  /** Its place among the files of the message, from 0. */
  readonly position: number;
  readonly filename: string;
  readonly mimeType: string;
  readonly disposition: 'attachment' | 'inline';
  /** Without brackets; null where there is none. */
  readonly contentId: string | null;
  readonly sizeBytes: number;
  /** The same for the same bytes, and another for others, within a tenant. */
  readonly contentHash: string;
  /** Its bytes in pieces, as often as they are wanted; only some of them are in memory at a time. */
  read(): AsyncIterable<Uint8Array>;
}

/** Whatever JSON can say. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** What becomes of a message's files before it is ready to be sent. */
export type Preparation =
  | {
      /**
       * Files that the message loses, each once. `data` is kept with the message, sealed where contents are, and given to
       * {@link Hooks.composing}: the link to where the file can be had, say.
       */
      readonly detach: readonly { readonly position: number; readonly data: JsonValue }[];
    }
  /** `temporary` defers the message, `permanent` fails it. `refuse` is the reason as the client sees it: no secret in it. */
  | { readonly refuse: string; readonly permanence: Classification['permanence'] };

/** What is wrong with a field of a submitted message. */
export interface MailProblem {
  /** As in `to` or `attachments/0`; what of a complete message is in its header has the field's name in lower case. */
  readonly field: string;
  /** What was expected. Shown to the client: no secret in it. */
  readonly message: string;
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
  /**
   * All recipients of the attempt get it in one transaction, or none gets it: where the relay refuses one, or takes fewer at
   * a time, nothing is sent. Commands go one at a time then. Not together with a return path for each recipient.
   *
   * @defaultValue false
   */
  readonly allOrNone?: boolean;
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
 * The places where a mixin takes part in a message's way. Mixins are called in the order of the list they came in.
 * For one message the hooks run in the order they stand here: the first two when it is accepted, the third before it is
 * ready, the others in each attempt.
 */
export interface Hooks {
  /**
   * Say what is wrong with a message that is submitted: null or nothing takes it. Asked once its account is known, before
   * anything is stored, of each message however it came: alone, in a batch, under a key, in a transaction of the
   * embedder's, in the answer to a report. What changes until it is sent is for {@link Hooks.sending}.
   *
   * Order: all mixins are asked; what they find is told together, as `invalid_input` of that one message.
   * Errors: fail the request as a bug does. One of `MailProxyError` refuses the message.
   */
  accepting(
    message: SubmittedMessage,
    mail: SubmittedMail,
  ): readonly MailProblem[] | null | Promise<readonly MailProblem[] | null>;
  /**
   * Answer whether {@link Hooks.preparing} is to be asked of a message once its files are here. Asked when it is accepted,
   * of messages that are composed here and have files; answer from what is in memory, as acceptance waits.
   *
   * Order: any yes. Nobody is asked after the first.
   * Errors: as those of {@link Hooks.accepting}.
   */
  needsPreparing(message: SubmittedMessage, files: readonly SubmittedFile[]): boolean | Promise<boolean>;
  /**
   * Take files out of a message, or refuse it, before it is ready to be sent. Called when it is due and all its files are
   * here, if any mixin said so at acceptance. What is answered is written once; until then it is called again where it
   * failed, was cut short or the process died, so it must do the same again. Null leaves the files as they are.
   *
   * Order: waterfall. Each mixin is given the files that those before left; a refusal ends it.
   * Errors: an `AttachmentFailure` defers or fails the message as one of its files does; its reason is shown to the client.
   * Any other is a bug: the message is tried again.
   *
   * @param signal - aborts when the message is not to be prepared any more, or took too long
   */
  preparing(message: HookedMessage, files: readonly BroughtFile[], signal: AbortSignal): Promise<Preparation | null>;
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
   * stays as it is. Not called for a message that came complete, which is sent as its author wrote it. `detached` are the
   * files that mixins took out of it by {@link Hooks.preparing}; those of others are none of a mixin's business. Where such a
   * mixin is not here, the attempt fails, so that nobody gets the message without what it stands for.
   *
   * Order: waterfall. Each mixin is given what the one before returned.
   * Errors: fail the attempt as a bug does; the message is tried again, no later mixin is called.
   */
  composing(content: MailContent, message: HookedMessage): MailContent;
  /**
   * Look at an attempt for the last time, as it is about to go on the wire; called before a connection is used.
   *
   * Order: first refusal. All are asked until one answers that it may not go; null is no opinion.
   * Errors: fail the attempt as a bug does; the message is tried again.
   */
  sending(message: HookedMessage, mail: OutgoingMail): Admission | null | Promise<Admission | null>;
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

/** All hooks as one, as the engine calls them. What all mixins answer at once is answered at once. */
export interface CombinedHooks extends Omit<Hooks, 'accepting' | 'needsPreparing' | 'preparing' | 'sending'> {
  /** Null where no mixin has it. */
  readonly accepting: ((message: SubmittedMessage, mail: SubmittedMail) => Answer<readonly MailProblem[]>) | null;
  /** Null where no mixin has it, or none has `preparing`. */
  readonly needsPreparing: ((message: SubmittedMessage, files: readonly SubmittedFile[]) => Answer<boolean>) | null;
  preparing(message: HookedMessage, files: readonly BroughtFile[], signal: AbortSignal): Promise<CombinedPreparation>;
  admitting(message: HookedMessage, envelope: HookedEnvelope): Answer<Admission>;
  enveloping(message: HookedMessage, envelope: HookedEnvelope): Answer<Enveloping>;
  /** Null where no mixin has it. */
  readonly sending: ((message: HookedMessage, mail: OutgoingMail) => Answer<Admission>) | null;
  /** Never rejects. */
  delivered(delivery: Delivery): Promise<void>;
}

/** What all mixins together make of a message's files. */
export type CombinedPreparation =
  | { readonly detach: readonly { readonly position: number; readonly mixin: string; readonly data: JsonValue }[] }
  | Extract<Preparation, { readonly refuse: string }>;

const ADMITTED: Admission = { admit: true };

/** Combine the hooks of all mixins, in this order, by the rules that {@link Hooks} states. */
export function combineHooks(sources: readonly HookSource[], log: Log = silentLog): CombinedHooks {
  const having = (name: keyof Hooks): readonly Partial<Hooks>[] =>
    sources.map(({ hooks }) => hooks).filter((hooks) => hooks[name] !== undefined);
  const [accepting, needsPreparing, admitting, enveloping, sending] = [
    having('accepting'),
    having('preparing').length === 0 ? [] : having('needsPreparing'),
    having('admitting'),
    having('enveloping'),
    having('sending'),
  ];
  return {
    accepting: accepting.length === 0 ? null : (message, mail) => problemsOf(accepting, message, mail),
    needsPreparing: needsPreparing.length === 0 ? null : (message, files) => anyNeeds(needsPreparing, message, files),
    preparing: (message, files, signal) => prepareFiles(sources, message, { files, signal }),
    admitting: (message, envelope) =>
      whenGiven(
        firstAnswer(admitting, (hooks) => hooks.admitting?.(message, envelope)),
        (answer) => answer ?? ADMITTED,
      ),
    enveloping: (message, envelope) =>
      whenGiven(
        firstAnswer(enveloping, (hooks) => hooks.enveloping?.(message, envelope)),
        (answer) => answer ?? {},
      ),
    composing(content, message) {
      const lost = content.detached.find((file) => sources.every(({ mixin }) => mixin !== file.mixin));
      if (lost !== undefined)
        throw new Error(`${lost.filename} was taken out by the mixin ${lost.mixin}, which is not here`);
      return sources.reduce(
        (changed, { hooks }) => (hooks.composing ? hooks.composing(changed, message) : changed),
        content,
      );
    },
    sending: sending.length === 0 ? null : (message, mail) => lastLook(sending, message, mail),
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

/** What all of them find. */
function problemsOf(
  asked: readonly Partial<Hooks>[],
  message: SubmittedMessage,
  mail: SubmittedMail,
): Answer<readonly MailProblem[]> {
  const problems: MailProblem[] = [];
  const note = (found: readonly MailProblem[] | null | undefined): null => {
    problems.push(...(found ?? []));
    return null;
  };
  return whenGiven(
    firstAnswer(asked, (hooks) => whenGiven(hooks.accepting?.(message, mail), note)),
    () => problems,
  );
}

function anyNeeds(
  asked: readonly Partial<Hooks>[],
  message: SubmittedMessage,
  files: readonly SubmittedFile[],
): Answer<boolean> {
  return whenGiven(
    firstAnswer(asked, (hooks) => whenGiven(hooks.needsPreparing?.(message, files), (needs) => needs || null)),
    (needs) => needs ?? false,
  );
}

async function prepareFiles(
  sources: readonly HookSource[],
  message: HookedMessage,
  { files, signal }: { readonly files: readonly BroughtFile[]; readonly signal: AbortSignal },
): Promise<CombinedPreparation> {
  const detached = new Map<number, { readonly position: number; readonly mixin: string; readonly data: JsonValue }>();
  for (const { mixin, hooks } of sources) {
    const left = files.filter(({ position }) => !detached.has(position));
    const answer = await hooks.preparing?.(message, left, signal);
    if (answer === null || answer === undefined) continue;
    if ('refuse' in answer) return answer;
    for (const { position, data } of answer.detach) {
      if (detached.has(position) || !left.some((file) => file.position === position)) {
        throw new Error(`mixin ${mixin} detached file ${position}, which is not there`);
      }
      detached.set(position, { position, mixin, data });
    }
  }
  return { detach: [...detached.values()].toSorted((a, b) => a.position - b.position) };
}

function lastLook(asked: readonly Partial<Hooks>[], message: HookedMessage, mail: OutgoingMail): Answer<Admission> {
  const refusalIn = (answer: Admission | null | undefined): Admission | null =>
    answer?.admit === false ? answer : null;
  return whenGiven(
    firstAnswer(asked, (hooks) => whenGiven(hooks.sending?.(message, mail), refusalIn)),
    (refusal) => refusal ?? ADMITTED,
  );
}
