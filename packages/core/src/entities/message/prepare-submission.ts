// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError, MailProxyError } from '../../errors.ts';
import { isLate } from '../../mixin/answers.ts';
import { isTestKey, type Principal, type Reach } from '../../operations/principal.ts';
import { invalidInput } from '../../operations/validate.ts';
import { resolveRetryPolicy } from '../../retry-policy.ts';
import { expectAllowedSender } from './allowed-sender.ts';
import type { CheckedMessage } from './check-content.ts';
import { expectAccepted } from './expect-accepted.ts';
import { isRepeated } from './is-repeated.ts';
import { DEFAULT_PRIORITY, draftMessage } from './message-draft.ts';
import type { LimitReached, SubmissionServices } from './message-services.ts';
import { needsPreparing } from './needs-preparing.ts';
import type { OnConflict } from './on-conflict.ts';
import type { ParsedSubmitted } from './raw-message.ts';
import { storeFiles } from './store-files.ts';
import type { Pending, Submitted } from './submitted.ts';
import { expectMayIgnore, expectRecipients } from './suppressed-mail.ts';
import { tenantOf } from './tenant-of.ts';

export interface Preparation {
  readonly reach: Reach;
  /** Whose key may limit whom its mail is from. */
  readonly principal: Principal;
  readonly defaultPriority: number | undefined;
  readonly onConflict: OnConflict | undefined;
  /** The span in which they are accepted. */
  readonly traceparent: string | undefined;
  /** Takes what of the room is to be given back at the end. */
  readonly rooms: DisposableStack;
}

export type Refused = Extract<Submitted, { readonly ok: false }>;
/** A message that may be stored, or why it may not. */
export type Prepared = { readonly ok: true; readonly pending: Pending } | Refused;

/** Prepares a message that was checked; `base` is its pointer in the request. */
export type PrepareOne = (input: ParsedSubmitted, parts: CheckedMessage, base: string) => Promise<Prepared>;

/** Find each message's account, ask mixins, find the room for it, and store its files. All of one request share their time. */
export function prepareSubmission(services: SubmissionServices, preparation: Preparation): PrepareOne {
  const { reach, principal, defaultPriority, onConflict, traceparent, rooms } = preparation;
  const now = services.clock.now();
  const expectRoom = limitCheck(services, now);
  return async (input, parts, base) => {
    // Before anything is waited for: the messages of a request are sent in its order.
    const pk = services.makePk();
    try {
      const tenantId = tenantOf(input, reach);
      expectAllowedSender(principal, parts.content, base);
      expectMayIgnore(principal, parts.content, base);
      const isTest = isTestKey(principal);
      const account = isTest
        ? await services.accounts.resolveSandbox(tenantId, input.account_id ?? null)
        : await services.accounts.resolve(tenantId, input.account_id ?? null);
      if (account === null) throw isTest ? noSandbox(input.account_id, base) : noAccount(input.account_id, base);
      const { tenant, retry } = await services.accounts.relayRow(account.pk);
      const policy = input.on_conflict ?? onConflict ?? 'reject';
      if (isTest) await expectNoOther(services, tenantId, input.id);
      const of = { tenantId, id: input.id, onConflict: policy, base };
      const { accepting, findTaken } = services;
      if (accepting !== null) {
        const accepted = expectAccepted({ accepting, findTaken }, parts, { ...of, accountPk: account.pk });
        if (accepted !== null) await accepted;
      }
      const askedLater = needsPreparing(services, parts, { ...of, accountPk: account.pk });
      const needs = isLate(askedLater) ? await askedLater : askedLater;
      if (parts.tooLarge !== null && !needs && !(await isRepeated(services, of))) throw invalidInput([parts.tooLarge]);
      if (tenant.refuseOverLimit) await expectRoom(account.pk);
      await expectRecipients(services, parts, of);
      const content = traceparent === undefined ? parts.content : { ...parts.content, traceparent };
      const json = JSON.stringify(content);
      // Before its files are stored.
      const room = rooms.use(await services.room.take(tenantId, tenant.room, () => sizeOf(json, parts)));
      const plain = draftMessage(
        input,
        { ...parts, content },
        {
          tenantId,
          accountPk: account.pk,
          defaultPriority: defaultPriority ?? DEFAULT_PRIORITY,
          onInDoubt: tenant.onInDoubt,
          maxAgeMs: resolveRetryPolicy(services.retry, tenant.retry, retry).maxAgeMs,
          now,
          json,
          pk,
          needsPreparing: needs,
          stored: await storeFiles(services, tenantId, { attachments: parts.attachments, base }),
          sealAuth: services.sealAttachmentAuth,
        },
      );
      const draft = services.sealDraft === undefined ? plain : await services.sealDraft(plain);
      return { ok: true, pending: { draft, accountId: account.id, onConflict: policy, room } };
    } catch (error) {
      return refused(input.id ?? null, error);
    }
  };
}

function sizeOf(json: string, { attachments }: CheckedMessage): number {
  return attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, Buffer.byteLength(json));
}

/** Errors of one message; a database that is gone, say, is everybody's and goes up. */
export function refused(id: string | null, error: unknown): Refused {
  if (!isOfMessage(error)) throw error;
  return { ok: false, id, error };
}

/** What passes without the client having to change anything, and concerns whatever it sends meanwhile. */
const OF_ALL: readonly string[] = ['database_unavailable', 'storage_full', 'stopping', 'overloaded'];

/** Whether it is of one message alone. */
export function isOfMessage(error: unknown): error is MailProxyError {
  return isMailProxyError(error) && !OF_ALL.includes(error.code);
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

/**
 * A test key is told of mail that is no test only that its id is taken.
 *
 * @throws {MailProxyError} `duplicate_id`
 */
async function expectNoOther(
  { findTaken, accounts }: Pick<SubmissionServices, 'findTaken' | 'accounts'>,
  tenantId: string,
  id: string | undefined,
): Promise<void> {
  const taken = id === undefined ? null : await findTaken(tenantId, id);
  if (taken === null) return;
  if (taken.accountId !== null && (await accounts.resolveSandbox(tenantId, taken.accountId)) !== null) return;
  throw new MailProxyError('duplicate_id', { detail: `the id ${id} is taken by mail that is no test` });
}

function noSandbox(accountId: string | undefined, base: string): MailProxyError {
  const pointer = `${base}/account_id`;
  if (accountId === undefined) {
    return new MailProxyError('no_default_account', {
      detail:
        'a test key submits to a sandbox, and the tenant has none, or several and no default: make an account of type sandbox, or name one',
      problems: [{ pointer, message: 'required, as the tenant has no sandbox, or several and no default' }],
    });
  }
  return new MailProxyError('unknown_account', {
    detail: `the tenant has no sandbox ${accountId}, and a test key submits to sandboxes only`,
    problems: [{ pointer, message: 'expected the id of a sandbox of the tenant' }],
  });
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
