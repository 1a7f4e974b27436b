// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  type AnyOperation,
  createMailEngine,
  defineMixin,
  defineOperation,
  LogThreshold,
  type MailEngine,
  parseIpRanges,
  SCOPES,
  type Scope,
} from '@mail-proxy/core';
import * as v from 'valibot';
import { createHttpApp } from '../src/http/app.ts';
import { findMixins } from '../src/mixins.ts';
import { ADMIN_TOKEN, METRICS_TOKEN } from './served-app.case.ts';

/** Somebody who calls, and what opens to them. */
export interface Caller {
  readonly name: string;
  readonly token: string | null;
  /** What is answered where it is not let in. */
  readonly refusal: 401 | 403;
  readonly may: (operation: AnyOperation) => boolean;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any;
}

export interface TableWorld extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  readonly callers: readonly Caller[];
  /** A test key of the tenant. */
  readonly tester: string;
  /** A key of another tenant, for everything. */
  readonly stranger: string;
  /** Run as the operator, inside of the process. */
  run(operation: string, input: object): Promise<Readonly<Record<string, unknown>>>;
  /** Call over HTTP, each time from another address. */
  fetch(token: string | null, method: string, path: string, request?: HttpRequest): Promise<Answer>;
  /** The same with the input where the operation has its fields. */
  call(token: string | null, operation: AnyOperation, input: object): Promise<Answer>;
  /** Makes names that were not used before. */
  unique(): string;
}

export interface HttpRequest {
  readonly body?: string | FormData;
  readonly headers?: Readonly<Record<string, string>>;
}

const PROXY = '127.0.0.1';
/** Of documentation (RFC 5737), as all addresses of these clients are others. */
const ELSEWHERE = '203.0.113.1';

/** An engine that sends nothing, with a tenant, another one, and keys of every kind. */
export async function openTable(): Promise<TableWorld> {
  const { mixins } = await findMixins('auto');
  const engine = await createMailEngine({
    config: {
      database: ':memory:',
      adminToken: ADMIN_TOKEN,
      metricsToken: METRICS_TOKEN,
      attachments: { roots: ['/srv/mail/{tenant}'] },
    },
    mixins: [...mixins, tenantMixin],
    logThreshold: new LogThreshold('info'),
  });
  const proxies = { ranges: parseIpRanges([PROXY]), header: 'x-forwarded-for' } as const;
  const app = createHttpApp(engine, { proxies });
  let calls = 0;
  // An object or null by all output schemas.
  const run = async (operation: string, input: object) =>
    (await engine.execute(operation, input)) as Readonly<Record<string, unknown>>;

  const fetch: TableWorld['fetch'] = async (token, method, path, { body, headers = {} } = {}) => {
    calls += 1;
    const request = new Request(`http://localhost${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        'x-forwarded-for': `10.${(calls >> 16) & 255}.${(calls >> 8) & 255}.${calls & 255}`,
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    // What the adapter for Node tells of the connection.
    const response = await app.fetch(request, { incoming: { socket: { remoteAddress: PROXY } } });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined };
  };

  for (const id of ['acme', 'other']) {
    // Nobody calls it: the engine is not started.
    await run('tenants.create', { id, client_base_url: 'https://tenant.example' });
    await run('accounts.create', { tenant_id: id, id: 'main', host: PROXY, port: 1, is_default: true });
  }
  const makeKey = async (input: object): Promise<string> => String((await run('api-keys.create', input))['api_key']);
  return {
    engine,
    routes: app.routes,
    callers: await makeCallers(run),
    tester: await makeKey({ tenant_id: 'acme', mode: 'test' }),
    stranger: await makeKey({ tenant_id: 'other' }),
    run,
    fetch,
    call(token, operation, input) {
      const { path, method } = operation.http;
      const left = new Map(Object.entries(input));
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        const value = String(left.get(name));
        left.delete(name);
        return encodeURIComponent(value);
      });
      const fields = Object.fromEntries(left);
      if (method === 'POST' || method === 'PATCH') {
        const headers = { 'content-type': 'application/json' };
        return fetch(token, method, filled, { body: JSON.stringify(fields), headers });
      }
      const query = new URLSearchParams(
        Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)])),
      );
      return fetch(token, method, query.size === 0 ? filled : `${filled}?${query}`);
    },
    unique: () => `thing-${++calls}`,
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

async function makeCallers(run: TableWorld['run']): Promise<readonly Caller[]> {
  const of = { tenant_id: 'acme' };
  const make = async (input: object) => run('api-keys.create', { ...of, ...input });
  const key = async (input: object): Promise<string> => String((await make(input))['api_key']);
  const token = async (input: object): Promise<string> =>
    String((await run('instance-tokens.create', input))['api_key']);
  const expired = await make({});
  await run('api-keys.rotate', { ...of, key_id: expired['id'], overlap_seconds: 0 });
  const revoked = await make({});
  await run('api-keys.revoke', { ...of, key_id: revoked['id'] });
  const revokedAdmin = await run('instance-tokens.create', { kind: 'admin' });
  await run('instance-tokens.revoke', { token_id: revokedAdmin['id'] });

  const never = () => false;
  const ofTenant = ({ access }: AnyOperation) => access === 'tenant' || access === 'token';
  const within = (scopes: readonly string[]) => (operation: AnyOperation) =>
    operation.access === 'token' || (operation.scope !== undefined && scopes.includes(operation.scope));
  const callers: Caller[] = [
    { name: 'nobody', token: null, refusal: 401, may: never },
    { name: 'a wrong token', token: 'guessed', refusal: 401, may: never },
    {
      name: 'a token in the right form',
      token: `mp_live_${'0'.repeat(32)}_${'A'.repeat(43)}`,
      refusal: 401,
      may: never,
    },
    { name: 'an expired key', token: String(expired['api_key']), refusal: 401, may: never },
    { name: 'a revoked key', token: String(revoked['api_key']), refusal: 401, may: never },
    { name: 'a revoked admin token', token: String(revokedAdmin['api_key']), refusal: 401, may: never },
    { name: 'a key for another address', token: await key({ ip_ranges: [ELSEWHERE] }), refusal: 403, may: never },
    { name: 'the metrics token', token: METRICS_TOKEN, refusal: 403, may: never },
    { name: 'a metrics token of the database', token: await token({ kind: 'metrics' }), refusal: 403, may: never },
    { name: 'a key for everything', token: await key({}), refusal: 403, may: ofTenant },
    { name: 'a key with admin', token: await key({ scopes: ['admin'] }), refusal: 403, may: ofTenant },
    { name: 'the admin token', token: ADMIN_TOKEN, refusal: 403, may: () => true },
    { name: 'an admin token of the database', token: await token({ kind: 'admin' }), refusal: 403, may: () => true },
  ];
  for (const resource of new Set(SCOPES.map((scope) => scope.split(':')[0] ?? ''))) {
    const scopes = [`${resource}:*`];
    const may = within(SCOPES.filter((scope) => scope.startsWith(`${resource}:`)));
    callers.push({ name: `a key with ${scopes[0]}`, token: await key({ scopes }), refusal: 403, may });
  }
  for (const scope of SCOPES) {
    const only: Scope[] = [scope];
    callers.push({ name: `a key with ${scope}`, token: await key({ scopes: only }), refusal: 403, may: within(only) });
  }
  return callers;
}

/** What a mixin adds is held to the same. */
const tenantMixin = defineMixin({
  id: 'table',
  contract: 1,
  setup: () => ({
    operations: [
      defineOperation({
        name: 'table.touch',
        summary: 'Touch what a mixin has of a tenant',
        http: { method: 'POST', path: '/v1/table' },
        access: 'tenant',
        scope: 'tenant:write',
        audit: true,
        input: v.strictObject({ tenant_id: v.optional(v.string()) }),
        output: v.object({ tenant_id: v.nullable(v.string()) }),
        run: async (_services: object, _input, { reach }) => ({ tenant_id: reach.tenantId }),
      }),
    ],
  }),
});
