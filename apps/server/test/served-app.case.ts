// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  createMailEngine,
  defineMixin,
  defineOperation,
  type EngineConfigInput,
  type Log,
  type MailEngine,
  MailProxyError,
  type Mixin,
  systemClock,
} from '@mail-proxy/core';
import * as v from 'valibot';
import { createHttpApp, type HttpAppOptions } from '../src/http/app.ts';
import { bodyLimits } from '../src/http/body-limits.ts';
import { listen } from '../src/http/listen.ts';

export const ADMIN_TOKEN = 'the-admin-token-of-a-test';
export const METRICS_TOKEN = 'the-metrics-token-of-a-test';

/** Each tenant may have a storage of files. */
const ROOTS = { roots: ['/srv/mail/{tenant}'] };

/** An engine behind a port. */
export interface ServedApp extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly url: string;
  /** What was logged, newest last. */
  readonly logged: readonly { readonly level: string; readonly fields: object; readonly message: string }[];
  /** Call as the operator, unless the headers say otherwise. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
}

export interface CallOptions {
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null sends none. */
  readonly token?: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any;
}

/** Serve an engine in memory on a port of loopback. */
export async function serveApp(
  options: HttpAppOptions = {},
  config: Partial<EngineConfigInput> = {},
  mixins: readonly Mixin[] = [],
): Promise<ServedApp> {
  const logged: { level: string; fields: object; message: string }[] = [];
  const engine = await createMailEngine({
    config: {
      database: ':memory:',
      adminToken: ADMIN_TOKEN,
      metricsToken: METRICS_TOKEN,
      attachments: ROOTS,
      ...config,
    },
    mixins: [...mixins, oddOperations],
  });
  const app = createHttpApp(engine, { log: recordingLog(logged), ...options });
  const limits = bodyLimits(options.maxBodyBytes ?? 12_582_912, engine.uploads);
  const listener = await listen(app, { host: '127.0.0.1', port: 0, limits, clock: systemClock });
  return {
    engine,
    url: listener.url,
    logged,
    call: (method, path, call = {}) => callApp(listener.url, method, path, call),
    async [Symbol.asyncDispose]() {
      await listener.close(0);
      await engine[Symbol.asyncDispose]();
    },
  };
}

async function callApp(url: string, method: string, path: string, call: CallOptions): Promise<Answer> {
  const { json, body, headers = {}, token = ADMIN_TOKEN } = call;
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  });
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}

const echoInput = v.strictObject({
  thing_id: v.string(),
  note: v.optional(v.string()),
  tags: v.optional(v.union([v.string(), v.array(v.string())])),
});

/** Operations that answer and fail in ways that core's do only when something breaks. */
const oddOperations = defineMixin({
  id: 'odd',
  contract: 1,
  setup: () => ({
    operations: [
      defineOperation({
        name: 'odd.echo',
        summary: 'Answer with the input',
        http: { method: 'POST', path: '/v1/odd/{thing_id}' },
        access: 'public',
        audit: false,
        input: echoInput,
        output: echoInput,
        run: async (_services: object, input) => input,
      }),
      defineOperation({
        name: 'odd.literal',
        summary: 'Stand on a literal path beside a parameter',
        http: { method: 'POST', path: '/v1/odd/literal' },
        access: 'public',
        audit: false,
        input: v.strictObject({}),
        output: v.literal('literal'),
        run: async (_services: object) => 'literal' as const,
      }),
      defineOperation({
        name: 'odd.show',
        summary: 'Answer with the query',
        http: { method: 'GET', path: '/v1/odd/{thing_id}' },
        access: 'public',
        audit: false,
        input: echoInput,
        output: echoInput,
        run: async (_services: object, input) => input,
      }),
      defineOperation({
        name: 'odd.bug',
        summary: 'Fail as a bug does',
        http: { method: 'POST', path: '/v1/odd/{thing_id}/bug' },
        access: 'public',
        audit: false,
        input: v.strictObject({ thing_id: v.string() }),
        output: v.null(),
        run: async (_services: object) => {
          throw new TypeError('the password is swordfish');
        },
      }),
      defineOperation({
        name: 'odd.busy',
        summary: 'Fail for now',
        http: { method: 'POST', path: '/v1/odd/{thing_id}/busy' },
        access: 'public',
        audit: false,
        input: v.strictObject({ thing_id: v.string() }),
        output: v.null(),
        run: async (_services: object) => {
          throw new MailProxyError('database_unavailable', { detail: 'at 10.0.0.7', retryAfterMs: 1_200 });
        },
      }),
    ],
  }),
});

function recordingLog(logged: { level: string; fields: object; message: string }[]): Log {
  const at = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
