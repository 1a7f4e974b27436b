// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type SmtpSink, tempDir } from '@mail-proxy/testkit';
import { expect } from 'vitest';
import { readServerConfig } from '../../src/env/read-config.ts';
import { findMixins } from '../../src/mixins.ts';
import { startServer } from '../../src/start-server.ts';

/** The one that old clients hold. */
export const TOKEN = 'test-api-token';

export interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any;
}

export interface GenroCallOptions {
  readonly json?: unknown;
  /** Null sends none. @defaultValue the admin's */
  readonly token?: string | null;
}

/** A server as it is started, and called as old clients call it. */
export interface GenroWorld extends AsyncDisposable {
  readonly url: string;
  call(method: string, path: string, options?: GenroCallOptions): Promise<Answer>;
  get(path: string, token?: string | null): Promise<Answer>;
  post(path: string, json?: unknown, token?: string | null): Promise<Answer>;
  put(path: string, json: unknown, token?: string | null): Promise<Answer>;
  /** Add a tenant, with accounts for these relays, `ID` and the next ones `ID-1`, `ID-2`. */
  tenant(id: string, relays?: readonly Pick<SmtpSink, 'port'>[], account?: object): Promise<void>;
  /** Post messages of the account named like the tenant, with what is said of each. */
  add(account_id: string, messages: readonly object[]): Promise<Answer>;
  runNow(tenantId?: string): Promise<void>;
  /** The records of a tenant, by the ids of their messages. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into records of any shape
  records(tenantId: string): Promise<Record<string, any>>;
  /** The state of each of a tenant's messages, as old clients tell it from their records. */
  states(tenantId: string): Promise<Record<string, State>>;
}

export type State = 'error' | 'sent' | 'deferred' | 'pending';

/** Whether the enterprise package is here, which has PEC and bounces. */
export async function isEnterprise(): Promise<boolean> {
  return (await findMixins('auto')).mixins.length > 0;
}

export async function openGenro(env: Readonly<Record<string, string>> = {}): Promise<GenroWorld> {
  await using opened = new AsyncDisposableStack();
  const dir = opened.use(tempDir());
  const server = opened.use(
    await startServer(
      readServerConfig({
        GMP_COMPAT: 'genro',
        GMP_PORT: '0',
        GMP_DATA_DIR: dir.path,
        GMP_API_TOKEN: TOKEN,
        GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: 'true',
        ...env,
      }),
    ),
  );
  const resources = opened.move();
  const call: GenroWorld['call'] = async (method, path, { json, token = TOKEN } = {}) => {
    const response = await fetch(server.url + path, {
      method,
      // Nearly every call of theirs says so, with a body or without.
      headers: { 'content-type': 'application/json', ...(token === null ? {} : { 'x-api-token': token }) },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined };
  };
  const records: GenroWorld['records'] = async (tenantId) => {
    const { status, json } = await call('GET', `/messages?tenant_id=${tenantId}`);
    expect(status).toBe(200);
    return Object.fromEntries(json.messages.map((record: { readonly id: string }) => [record.id, record]));
  };
  return {
    url: server.url,
    call,
    get: (path, token) => call('GET', path, { ...(token === undefined ? {} : { token }) }),
    post: (path, json, token) => call('POST', path, { json, ...(token === undefined ? {} : { token }) }),
    put: (path, json, token) => call('PUT', path, { json, ...(token === undefined ? {} : { token }) }),
    async tenant(id, relays = [], account = {}) {
      expect((await call('POST', '/tenant', { json: { id, name: `The tenant ${id}` } })).status).toBe(200);
      for (const [index, { port }] of relays.entries()) {
        const json = {
          ...{ id: index === 0 ? id : `${id}-${index}`, tenant_id: id, host: 'localhost', port, use_tls: false },
          ...account,
        };
        expect((await call('POST', '/account', { json })).status).toBe(200);
      }
    },
    add: (account_id, messages) =>
      call('POST', '/commands/add-messages', { json: { messages: messages.map((one) => mail(account_id, one)) } }),
    async runNow(tenantId) {
      const query = tenantId === undefined ? '' : `?tenant_id=${tenantId}`;
      expect((await call('POST', `/commands/run-now${query}`)).status).toBe(200);
    },
    records,
    async states(tenantId) {
      const found = await records(tenantId);
      return Object.fromEntries(Object.entries(found).map(([id, record]) => [id, stateOf(record)]));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** As old clients do: one state of these, in this order. */
function stateOf(record: Readonly<Record<string, unknown>>): State {
  if (record['error_ts'] || record['error']) return 'error';
  if (record['sent_ts']) return 'sent';
  return record['deferred_ts'] ? 'deferred' : 'pending';
}

export function mail(account_id: string, fields: object): object {
  return {
    account_id,
    from: 'sender@test.com',
    to: ['recipient@example.com'],
    subject: 'Hello',
    body: 'A test.',
    ...fields,
  };
}

/** The states of messages in order, as `{ 0: 'sent' }` would be too long to write. */
export function counts(states: Readonly<Record<string, State>>): Readonly<Record<string, number>> {
  const found = Object.groupBy(Object.values(states), (state) => state);
  return Object.fromEntries(Object.entries(found).map(([state, list]) => [state, list.length]));
}
