// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type InputProblem, isMailProxyError, MailProxyError } from '../../errors.ts';
import type { Reach } from '../../operations/principal.ts';
import { invalidInput } from '../../operations/validate.ts';
import { resolveRetryPolicy } from '../../retry-policy.ts';
import { attachmentRules, type RulesOf } from './attachment-rules-of.ts';
import { type CheckedMessage, checkContent } from './check-content.ts';
import { checkRaw } from './check-raw.ts';
import type { BatchResult, ParsedMessage, ParsedRawMessage } from './message.schema.ts';
import { DEFAULT_PRIORITY, draftMessage } from './message-draft.ts';
import type { AcceptedState, LimitReached, SubmissionServices } from './message-services.ts';
import { isRaw, type ParsedSubmitted } from './raw-message.ts';
import { type ReadMessage, readRaw } from './read-raw.ts';
import { storeFiles } from './store-files.ts';
import { tenantOf } from './tenant-of.ts';

/** What one message of a submission became. */
type Submitted =
  | {
      readonly ok: true;
      readonly pk: string;
      readonly id: string;
      readonly tenantId: string;
      readonly accountId: string;
      readonly state: AcceptedState;
      readonly createdAt: number;
    }
  | { readonly ok: false; readonly id: string | null; readonly error: MailProxyError };

export interface Submission {
  readonly reach: Reach;
  readonly defaultPriority: number | undefined;
  /** Pointers of the messages in the request. */
  readonly pointerOf: (index: number) => string;
}

/**
 * Check all messages, then store those whose account exists and whose id is free. Answers after the commit.
 *
 * @throws {MailProxyError} `invalid_input` when any message is malformed; then none is stored
 */
export async function submitMessages(
  services: SubmissionServices,
  messages: readonly ParsedSubmitted[],
  { reach, defaultPriority, pointerOf }: Submission,
): Promise<readonly Submitted[]> {
  await using held = new AsyncDisposableStack();
  const composed = messages.filter((message): message is ParsedMessage => !isRaw(message));
  const rulesOf = await attachmentRules(services, composed, reach);
  const raw = await readAll(services, messages, { pointerOf, held });
  const checked = checkAll(services, messages, { pointerOf, rulesOf, raw });
  const now = services.clock.now();
  const expectRoom = limitCheck(services, now);
  return await Promise.all(
    messages.map(async (input, index): Promise<Submitted> => {
      const parts = checked[index];
      if (parts === undefined) throw new Error('every message was checked');
      try {
        const tenantId = tenantOf(input, reach);
        const account = await services.accounts.resolve(tenantId, input.account_id ?? null);
        if (account === null) throw noAccount(input.account_id, pointerOf(index));
        const { tenant, retry } = await services.accounts.relayRow(account.pk);
        if (tenant.refuseOverLimit) await expectRoom(account.pk);
        const draft = draftMessage(input, parts, {
          tenantId,
          accountPk: account.pk,
          defaultPriority: defaultPriority ?? DEFAULT_PRIORITY,
          onInDoubt: tenant.onInDoubt,
          maxAgeMs: resolveRetryPolicy(services.retry, tenant.retry, retry).maxAgeMs,
          now,
          makePk: services.makePk,
          stored: await storeFiles(services, tenantId, { attachments: parts.attachments, base: pointerOf(index) }),
          sealAuth: services.sealAttachmentAuth,
        });
        const state = await services.accept(draft);
        const { pk, id } = draft.message;
        return { ok: true, pk, id, tenantId, accountId: account.id, state, createdAt: now };
      } catch (error) {
        return { ok: false, id: input.id ?? null, error: refusal(error) };
      }
    }),
  );
}

/** The answer to a batch: one line a message, in the order of the request. */
export function toBatchResult(submitted: readonly Submitted[]): BatchResult {
  const results = submitted.map((one, index): BatchResult['results'][number] => {
    if (one.ok) return { index, id: one.id, pk: one.pk, status: 'accepted' };
    const { code, message: reason, retryAfterMs, problems } = one.error;
    return {
      index,
      id: one.id,
      status: 'rejected',
      code,
      reason,
      ...(retryAfterMs === undefined ? {} : { retry_after: Math.ceil(retryAfterMs / 1_000) }),
      ...(problems.length === 0 ? {} : { problems: [...problems] }),
    };
  });
  const accepted = submitted.filter((one) => one.ok).length;
  return { accepted, rejected: submitted.length - accepted, results };
}

type ReadMessages = ReadonlyMap<ParsedRawMessage, ReadMessage>;

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

function checkAll(
  services: SubmissionServices,
  messages: readonly ParsedSubmitted[],
  {
    pointerOf,
    rulesOf,
    raw,
  }: Pick<Submission, 'pointerOf'> & { readonly rulesOf: RulesOf; readonly raw: ReadMessages },
): readonly CheckedMessage[] {
  const now = services.clock.now();
  const problems: InputProblem[] = [];
  const checked: CheckedMessage[] = [];
  for (const [index, input] of messages.entries()) {
    const { maxRecipients } = services;
    const result = isRaw(input)
      ? checkRaw(input, readOf(input, raw), pointerOf(index), { maxRecipients, now })
      : checkContent(input, pointerOf(index), { maxRecipients, attachmentRules: rulesOf(input), now });
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

/** Refuse the messages of accounts that are over a limit; each account is looked at once a request. */
function limitCheck(services: SubmissionServices, now: number): (accountPk: string) => Promise<void> {
  const gates = new Map<string, Promise<LimitReached | null>>();
  return async (accountPk) => {
    const known = gates.get(accountPk) ?? services.limitGate(accountPk);
    gates.set(accountPk, known);
    const reached = await known;
    if (reached === null) return;
    const { limit, scope, windowMs, until } = reached;
    throw new MailProxyError('rate_limited', {
      detail: `the limit of the ${scope}, ${limit} in ${windowMs / 1_000} seconds, is reached`,
      retryAfterMs: Math.max(0, until - now),
      extra: { limit, scope, window_seconds: windowMs / 1_000 },
    });
  };
}

function noAccount(accountId: string | undefined, base: string): MailProxyError {
  const pointer = `${base}/account_id`;
  if (accountId === undefined) {
    return new MailProxyError('no_default_account', {
      problems: [{ pointer, message: 'required, as the tenant has no default account' }],
    });
  }
  const detail = `the tenant has no account ${accountId}`;
  return new MailProxyError('unknown_account', {
    detail,
    problems: [{ pointer, message: 'expected the id of an account of the tenant' }],
  });
}

/** Errors of one message; a database that is gone is everybody's and goes up. */
function refusal(error: unknown): MailProxyError {
  if (isMailProxyError(error) && !['database_unavailable', 'storage_full', 'stopping'].includes(error.code))
    return error;
  throw error;
}
