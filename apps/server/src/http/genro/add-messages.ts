// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type InputProblem, isMailProxyError, MailProxyError, validate } from '@mail-proxy/core';
import * as v from 'valibot';
import { respondJson } from '../response-headers.ts';
import { type GenroCall, orNull } from './call.ts';
import { maybe } from './given-fields.ts';
import { type GivenMessage, messageInput, submissionOf } from './message-input.ts';
import { priority } from './priority.ts';
import { isMissing } from './refusal.ts';

const addInput = v.object({ messages: v.array(messageInput), default_priority: maybe(priority) });
const batchInput = v.object({ messages: v.array(v.unknown()), default_priority: maybe(priority) });

interface Rejected {
  readonly id: string;
  readonly reason: string;
}

/** What became of one message, as the operation tells. */
interface Result {
  readonly status: 'accepted' | 'rejected';
  readonly code?: string;
  readonly reason?: string;
  readonly state?: string;
  readonly result?: string;
}

/** Messages in one call. */
const MAX_MESSAGES = 1_000;

/** Accept messages, each by itself; but the call fails where one lacks a field, or where each is refused. */
export async function addMessages(call: GenroCall): Promise<object | Response> {
  const { messages, default_priority } = await call.body(addInput);
  if (messages.length > MAX_MESSAGES) return tooMany(call);
  const { rejected, isFailed } = await addEach(call, messages, default_priority);
  if (isFailed) return refused(call, null, rejected);
  return { ok: true, queued: messages.length - rejected.length, rejected };
}

/** Accept messages as version 0.7 did: one that lacks a field is refused by itself, too, and the answer is no error. */
export async function addBatch(call: GenroCall): Promise<object | Response> {
  const { messages, default_priority } = await call.body(batchInput);
  if (messages.length > MAX_MESSAGES) return tooMany(call);
  const readable: GivenMessage[] = [];
  const broken: Rejected[] = [];
  for (const message of messages) {
    const read = readOne(message);
    if ('reason' in read) broken.push({ id: idOf(message), reason: read.reason });
    else readable.push(read);
  }
  const { rejected, isFailed } = await addEach(call, readable, default_priority);
  const isAllRefused = messages.length > 0 && (isFailed || readable.length === 0);
  return { ok: !isAllRefused, queued: readable.length - rejected.length, rejected: [...broken, ...rejected] };
}

async function addEach(call: GenroCall, messages: readonly GivenMessage[], defaultPriority: number | undefined) {
  const { settings } = call.options;
  const outcomes = await submit(call, await withTenants(call, messages), defaultPriority ?? settings.defaultPriority);
  const rejected = outcomes.flatMap(({ id, reason }): Rejected[] => (reason === null ? [] : [{ id, reason }]));
  // What is known already was no failure.
  return { rejected, isFailed: rejected.length > 0 && outcomes.every(({ isRefused }) => isRefused) };
}

function readOne(message: unknown): GivenMessage | { readonly reason: string } {
  try {
    return validate(messageInput, message);
  } catch (error) {
    if (!isMailProxyError(error, 'invalid_input')) throw error;
    return { reason: error.problems.map(reasonOf).join('; ') };
  }
}

function reasonOf({ pointer, message }: InputProblem): string {
  const field = pointer.slice(1);
  if (isMissing(message)) return `Missing '${field}' field`;
  return field === '' ? message : `${field}: ${message}`;
}

function idOf(message: unknown): string {
  // Of what is no object there is none.
  const id: unknown = Object(message).id;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : '';
}

function tooMany(call: GenroCall): Response {
  return refused(call, `Cannot enqueue more than ${MAX_MESSAGES} messages at once`, []);
}

/** Accept one message, and tell its row. */
export async function addOne(call: GenroCall, message: GivenMessage): Promise<object> {
  const [placed] = await withTenants(call, [message]);
  if (placed === undefined) return bug();
  const [outcome] = await submit(call, [placed], call.options.settings.defaultPriority);
  if (outcome === undefined) return bug();
  const { id, reason, isRefused } = outcome;
  if (reason !== null) {
    throw new MailProxyError(isRefused ? 'malformed_request' : 'duplicate_id', { detail: `${id}: ${reason}` });
  }
  const { pk } = await call.run('messages.get', { tenant_id: placed.tenantId, message_id: id });
  return { id, pk };
}

function refused({ c }: GenroCall, error: string | null, rejected: readonly Rejected[]): Response {
  return respondJson(c, { detail: { error, rejected } }, { status: 400 });
}

interface Placed {
  readonly message: GivenMessage;
  /** Null where nobody has such an account. */
  readonly tenantId: string | null;
}

interface Outcome {
  readonly id: string;
  /** Null where it was queued. */
  readonly reason: string | null;
  /** It was not queued for what it says. */
  readonly isRefused: boolean;
}

/** Old clients name the account only, whose tenant it is then. */
async function withTenants(call: GenroCall, messages: readonly GivenMessage[]): Promise<readonly Placed[]> {
  const { principal } = call;
  const owners = new Map<string, string | null>();
  if (principal.kind === 'admin') {
    for (const { tenant_id, account_id } of messages) {
      if (tenant_id !== undefined || owners.has(account_id)) continue;
      owners.set(account_id, await ownerOf(call, account_id));
    }
  }
  const own = principal.kind === 'tenant' ? principal.tenantId : undefined;
  return messages.map((message) => ({
    message,
    tenantId: message.tenant_id ?? own ?? owners.get(message.account_id) ?? null,
  }));
}

async function ownerOf(call: GenroCall, account_id: string): Promise<string | null> {
  try {
    const account = await orNull(call.run<{ tenant_id: string }>('accounts.get', { account_id }));
    return account?.tenant_id ?? null;
  } catch (error) {
    // An id that cannot be one, or one that several tenants use.
    if (isMailProxyError(error, 'invalid_input') || isMailProxyError(error, 'ambiguous_id')) return null;
    throw error;
  }
}

async function submit(
  call: GenroCall,
  placed: readonly Placed[],
  defaultPriority: unknown,
): Promise<readonly Outcome[]> {
  const outcomes = new Map<Placed, Outcome>();
  const refuse = (each: Placed, reason: string): unknown =>
    outcomes.set(each, { id: each.message.id, reason, isRefused: true });
  for (const each of placed) if (each.tenantId === null) refuse(each, 'account not found');
  for (;;) {
    const open = placed.filter((each) => !outcomes.has(each));
    if (open.length === 0) break;
    try {
      const { results } = await call.run<{ results: readonly Result[] }>('messages.create-batch', {
        messages: open.map(({ message, tenantId }) => submissionOf(message, tenantId, call.options)),
        default_priority: defaultPriority,
        on_conflict: 'replace_if_pending',
      });
      for (const [index, result] of results.entries()) {
        const each = open[index];
        if (each !== undefined) outcomes.set(each, outcomeOf(each.message.id, result));
      }
    } catch (error) {
      if (!isMailProxyError(error, 'invalid_input')) throw error;
      // It names messages that can never be sent; without them the others go.
      for (const [index, reason] of reasonsOf(error.problems)) {
        const each = open[index];
        if (each !== undefined) refuse(each, reason);
      }
      if (open.every((each) => !outcomes.has(each))) throw error;
    }
  }
  return placed.map((each) => outcomes.get(each) ?? bug());
}

function bug(): never {
  throw new MailProxyError('internal', { detail: 'a message has no outcome' });
}

/** By the place of the message in the call. */
function reasonsOf(problems: readonly InputProblem[]): ReadonlyMap<number, string> {
  const reasons = new Map<number, string>();
  for (const { pointer, message } of problems) {
    const [, index, field = ''] = /^\/messages\/(\d+)\/?(.*)$/.exec(pointer) ?? [];
    if (index === undefined) continue;
    const said = field === '' ? message : `${field}: ${message}`;
    const before = reasons.get(Number(index));
    reasons.set(Number(index), before === undefined ? said : `${before}; ${said}`);
  }
  return reasons;
}

function outcomeOf(id: string, { status, code, reason, state, result }: Result): Outcome {
  if (status === 'accepted') return { id, reason: null, isRefused: false };
  switch (code) {
    case 'duplicate_id':
      return {
        id,
        reason: result === undefined || isSent(result) ? alreadyIn(state) : `already ${result}`,
        isRefused: false,
      };
    case 'in_flight':
      return { id, reason: 'already being sent', isRefused: false };
    case 'unknown_account':
    case 'no_default_account':
    case 'not_found':
      return { id, reason: 'account not found', isRefused: true };
    default:
      return { id, reason: reason ?? code ?? 'refused', isRefused: true };
  }
}

function isSent(result: string): boolean {
  return result === 'sent' || result === 'partially_sent';
}

function alreadyIn(state: string | undefined): string {
  return state === 'final' ? 'already sent' : 'already being sent';
}
