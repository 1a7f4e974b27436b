// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type InputProblem, isMailProxyError } from '../../errors.ts';
import type { Idempotency } from '../../operations/operation.ts';
import { isTestKey, type Principal, type Reach } from '../../operations/principal.ts';
import { invalidInput } from '../../operations/validate.ts';
import { Pace } from '../../pace.ts';
import { attachmentRules, type RulesOf } from './attachment-rules-of.ts';
import { type CheckedMessage, checkContent } from './check-content.ts';
import { checkRaw } from './check-raw.ts';
import type { ParsedMessage, ParsedRawMessage } from './message.schema.ts';
import type { SubmissionServices } from './message-services.ts';
import type { OnConflict } from './on-conflict.ts';
import { type Prepared, prepareSubmission } from './prepare-submission.ts';
import { isRaw, type ParsedSubmitted } from './raw-message.ts';
import { type ReadMessage, readRaw } from './read-raw.ts';
import { storeSubmission } from './store-submission.ts';
import { submitOnce } from './submit-once.ts';
import type { Submitted } from './submitted.ts';

/** A key with the request that came with it. */
export interface SubmissionKey extends Idempotency {
  readonly operation: string;
  readonly input: unknown;
}

export interface Submission {
  readonly reach: Reach;
  /** Whose key may limit whom its mail is from. */
  readonly principal: Principal;
  readonly defaultPriority: number | undefined;
  /** For messages that say nothing of it. @defaultValue reject */
  readonly onConflict?: OnConflict | undefined;
  /** Pointers of the messages in the request. */
  readonly pointerOf: (index: number) => string;
  /** @defaultValue none */
  readonly idempotency?: SubmissionKey | null;
  /** The trace that the request belongs to. @defaultValue none */
  readonly traceparent?: string | undefined;
}

/**
 * Check all messages, then store those whose account exists and whose id is free. Answers after the commit.
 *
 * @throws {MailProxyError} `invalid_input` when any message is malformed; then none is stored. With a key
 * `idempotency_key_in_flight` and `idempotency_key_reused`
 */
export async function submitMessages(
  services: SubmissionServices,
  messages: readonly ParsedSubmitted[],
  submission: Submission,
): Promise<readonly Submitted[]> {
  const span = services.traces?.acceptance(submission.traceparent);
  try {
    const submitted = await submitTraced(services, messages, { ...submission, traceparent: span?.traceparent });
    span?.end({ messages: messages.length, accepted: submitted.filter(({ ok }) => ok).length });
    return submitted;
  } catch (error) {
    span?.end({ messages: messages.length }, isMailProxyError(error) ? error.code : 'internal');
    throw error;
  }
}

async function submitTraced(
  services: SubmissionServices,
  messages: readonly ParsedSubmitted[],
  submission: Submission,
): Promise<readonly Submitted[]> {
  const { reach, idempotency = null } = submission;
  using rooms = new DisposableStack();
  const own = { ...submission, rooms };
  if (idempotency === null) {
    const firsts = new Map<string, Promise<unknown>>();
    return await inTurn(services, messages, own, (preparing, { id }) => {
      const stored = storeBehind(services, preparing, id === undefined ? undefined : firsts.get(id));
      if (id !== undefined) firsts.set(id, stored);
      return stored;
    });
  }
  const { operation, input } = idempotency;
  // What a test was answered is no answer to mail that is meant to go out; no client's key has a space.
  const key = isTestKey(submission.principal) ? `test ${idempotency.key}` : idempotency.key;
  const request = { scope: reach.tenantId ?? '', idempotency: { ...idempotency, key }, operation, input };
  return await submitOnce(services, request, () => inTurn(services, messages, own, (preparing) => preparing));
}

/** Of two messages with one id the first of the request has it, however long its files or its account take to be found. */
async function storeBehind(
  services: SubmissionServices,
  preparing: Promise<Prepared>,
  first: Promise<unknown> | undefined,
): Promise<Submitted> {
  const [prepared] = await Promise.all([preparing, first]);
  return prepared.ok ? storeSubmission(services, prepared.pending) : prepared;
}

/** Prepare all messages of a request at once, each on its way to what `then` makes of it. */
async function inTurn<Result>(
  services: SubmissionServices,
  messages: readonly ParsedSubmitted[],
  submission: Submission & { readonly rooms: DisposableStack },
  then: (preparing: Promise<Prepared>, input: ParsedSubmitted) => Promise<Result>,
): Promise<readonly Result[]> {
  const { reach, principal, defaultPriority, onConflict, pointerOf, traceparent, rooms } = submission;
  await using held = new AsyncDisposableStack();
  const composed = messages.filter((message): message is ParsedMessage => !isRaw(message));
  const rulesOf = await attachmentRules(services, composed, reach);
  const raw = messages.some(isRaw) ? await readAll(services, messages, { pointerOf, held }) : NOTHING_READ;
  const pace = new Pace(services.clock);
  const checked = await checkAll(services, messages, { pointerOf, rulesOf, raw, pace });
  const prepare = prepareSubmission(services, { reach, principal, defaultPriority, onConflict, traceparent, rooms });
  const results: Promise<Result>[] = [];
  let isOver = false;
  for (const [index, input] of messages.entries()) {
    const parts = checked[index];
    if (parts === undefined) throw new Error('every message was checked');
    const result = then(prepare(input, parts, pointerOf(index)), input);
    // Where the database is gone, say, nothing more is begun; what failed during a pause is told at the end.
    result.catch(() => {
      isOver = true;
    });
    results.push(result);
    const pause = pace.pause();
    if (pause !== null) await pause;
    if (isOver) break;
  }
  return await Promise.all(results);
}

type ReadMessages = ReadonlyMap<ParsedRawMessage, ReadMessage>;

const NOTHING_READ: ReadMessages = new Map();

/** One after the other: each may be large. */
async function readAll(
  { rawMessages }: SubmissionServices,
  messages: readonly ParsedSubmitted[],
  { pointerOf, held }: Pick<Submission, 'pointerOf'> & { readonly held: AsyncDisposableStack },
): Promise<ReadMessages> {
  const read = new Map<ParsedRawMessage, ReadMessage>();
  for (const [index, message] of messages.entries()) {
    if (!isRaw(message)) continue;
    read.set(message, await readRaw(message.raw, `${pointerOf(index)}/raw`, { rawMessages, held }));
  }
  return read;
}

interface CheckOptions extends Pick<Submission, 'pointerOf'> {
  readonly rulesOf: RulesOf;
  readonly raw: ReadMessages;
  readonly pace: Pace;
}

async function checkAll(
  services: SubmissionServices,
  messages: readonly ParsedSubmitted[],
  { pointerOf, rulesOf, raw, pace }: CheckOptions,
): Promise<readonly CheckedMessage[]> {
  const now = services.clock.now();
  const problems: InputProblem[] = [];
  const checked: CheckedMessage[] = [];
  const { maxRecipients } = services;
  const mayDetach = services.needsPreparing !== null;
  for (const [index, input] of messages.entries()) {
    const pause = pace.pause();
    if (pause !== null) await pause;
    const result = isRaw(input)
      ? checkRaw(input, readOf(input, raw), pointerOf(index), { maxRecipients, now })
      : checkContent(input, pointerOf(index), { maxRecipients, attachmentRules: rulesOf(input), mayDetach, now });
    if (result.ok) checked.push(result.checked);
    else problems.push(...result.problems);
    if (input.send_at !== undefined && input.deferred_ts !== undefined) {
      problems.push({ pointer: `${pointerOf(index)}/send_at`, message: 'expected either send_at or deferred_ts' });
    }
  }
  if (problems.length > 0) throw invalidInput(problems);
  return checked;
}

function readOf(message: ParsedRawMessage, raw: ReadMessages): ReadMessage {
  const read = raw.get(message);
  if (read === undefined) throw new Error('every complete message was read');
  return read;
}
