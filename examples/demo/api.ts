// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Message } from './messages.ts';

/** Who calls: the operator with the admin token, or a tenant with its key. */
export interface Caller {
  readonly url: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

export interface BatchAnswer {
  readonly accepted: number;
  readonly rejected: number;
  readonly results: readonly {
    readonly id: string;
    readonly status: 'accepted' | 'rejected';
    readonly code?: string;
    readonly reason?: string;
  }[];
}

export interface MessageStatus {
  readonly id: string;
  readonly state: string;
  readonly result: string | null;
  readonly priority: number;
  readonly attempts: number;
  readonly created_at: string;
}

export interface RecipientStatus {
  readonly address: string;
  readonly state: string;
  readonly code: number | null;
  readonly enhanced: string | null;
  readonly reply: string | null;
}

export interface MessageEvent {
  readonly type: string;
  readonly at: string;
  readonly attempt: number;
  readonly recipients: readonly RecipientStatus[];
  readonly next_attempt_at: string | null;
}

/** Create a tenant; the answer holds its first key, which is shown this once. */
export function createTenant(operator: Caller, tenant: { id: string; name: string; client_base_url: string }) {
  return call<{ readonly id: string; readonly api_key: string }>(operator, 'POST', '/v1/tenants', tenant);
}

/** Create an account: the relay over which a tenant's mail goes. */
export function createAccount(tenant: Caller, account: { id: string; host: string; port: number }) {
  return call<{ readonly pk: string }>(tenant, 'POST', '/v1/accounts', account);
}

/** Submit up to 1,000 messages. Those that the answer calls accepted are on disk. */
export function submit(tenant: Caller, messages: readonly Message[]) {
  return call<BatchAnswer>(tenant, 'POST', '/v1/messages/batch', { messages });
}

export function getMessage(tenant: Caller, id: string) {
  const path = `/v1/messages/${encodeURIComponent(id)}`;
  return call<MessageStatus & { readonly recipients: readonly RecipientStatus[] }>(tenant, 'GET', path);
}

/** List the history of a message, oldest first. */
export async function listEvents(tenant: Caller, id: string): Promise<readonly MessageEvent[]> {
  const path = `/v1/messages/${encodeURIComponent(id)}/events`;
  return (await call<Page<MessageEvent>>(tenant, 'GET', path)).items;
}

/** List all messages, page by page. */
export async function listMessages(tenant: Caller): Promise<readonly MessageStatus[]> {
  const messages: MessageStatus[] = [];
  let after = '';
  do {
    const page: Page<MessageStatus> = await call(tenant, 'GET', `/v1/messages?limit=500${after}`);
    messages.push(...page.items);
    after = page.next === null ? '' : `&after=${encodeURIComponent(page.next)}`;
  } while (after !== '');
  return messages;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

async function call<T>({ url, token, signal }: Caller, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // errors are problem documents (RFC 9457) that say what was wrong
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
  // the shape that /openapi.json of the server promises
  return (await response.json()) as T;
}
