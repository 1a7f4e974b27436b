// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  type Caller,
  isMailProxyError,
  MailProxyError,
  type Principal,
  type RequestPlace,
  validate,
} from '@mail-proxy/core';
import type { GenericSchema, InferOutput } from 'valibot';
import { type HttpContext, readableOf, type ServedEngine } from '../context.ts';
import { parseJsonObject } from '../parse-json.ts';
import { readBody } from '../read-body.ts';
import { tokenOf } from '../token.ts';
import type { GenroOptions } from './genro-options.ts';

/** What an operation answers, as far as this surface reads it. */
export type Shown = Readonly<Record<string, unknown>>;

/** One request of an old client, by somebody whose token is known. */
export interface GenroCall {
  readonly c: HttpContext;
  readonly engine: ServedEngine;
  readonly options: GenroOptions;
  readonly principal: Principal;
  /**
   * Run an operation as the caller.
   *
   * @typeParam Output what is read of its answer, as its own schema has it
   */
  run<Output = Shown>(operation: string, input: object): Promise<Output>;
  /** A parameter of the query; one that is empty counts as absent. */
  query(name: string): string | undefined;
  /** @throws {MailProxyError} `invalid_input` where it is absent */
  required(name: string): string;
  /** The body as the schema reads it; no body is an empty object. */
  body<Schema extends GenericSchema>(schema: Schema): Promise<InferOutput<Schema>>;
}

/**
 * Take in a request.
 *
 * @throws {MailProxyError} `unauthenticated`, `rate_limited`
 */
export async function openCall(
  c: HttpContext,
  { engine, options, place }: Pick<GenroCall, 'engine' | 'options'> & { readonly place: RequestPlace },
): Promise<GenroCall> {
  const own = await principalOf(c, engine);
  place.belongsTo(own);
  const principal = asTheOperator(own, options);
  if (principal.kind === 'anonymous') throw new MailProxyError('unauthenticated');
  const caller: Caller = {
    principal,
    origin: c.get('clientAddress') ?? 'http',
    requestId: c.get('requestId'),
    traceparent: c.req.header('traceparent'),
  };
  const query = (name: string): string | undefined => c.req.query(name) || undefined;
  return {
    c,
    engine,
    options,
    principal,
    // What each operation answers is what its output schema says; tests hold this surface to it.
    run: async <Output>(operation: string, input: object) =>
      (await engine.execute(operation, withoutNothing(input), caller)) as Output,
    query,
    required(name) {
      const value = query(name);
      if (value !== undefined) return value;
      throw new MailProxyError('invalid_input', { problems: [{ pointer: `?${name}`, message: 'Field required' }] });
    },
    async body(schema) {
      const bytes = await readBody(readableOf(c), options.maxBodyBytes, place);
      return validate(schema, bytes.byteLength === 0 ? {} : parseJsonObject(bytes));
    },
  };
}

/** An old client knows no other answer to a token that is not let in than 401. */
async function principalOf(c: HttpContext, engine: ServedEngine): Promise<Principal> {
  try {
    return await engine.authenticate(tokenOf(c.req.raw.headers), { address: c.get('clientAddress') });
  } catch (error) {
    const isKeysOwnLimit = isMailProxyError(error) && error.extra['scope'] === 'key';
    if (!isMailProxyError(error, 'rate_limited') || isKeysOwnLimit) throw error;
    throw new MailProxyError('unauthenticated', { cause: error });
  }
}

/** As far as the operator wants it so: the name stays that of the key, for the log of commands. A test key stays one. */
function asTheOperator(principal: Principal, { settings }: GenroOptions): Principal {
  if (settings.tenantKeys !== 'admin' || principal.kind !== 'tenant' || principal.limits.mode === 'test')
    return principal;
  return { kind: 'admin', name: principal.name };
}

function withoutNothing(input: object): object {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

/**
 * The tenant that a call is about. A key of another one is answered as a wrong token is.
 *
 * @throws {MailProxyError} `unauthenticated`
 */
export function ofTenant({ principal }: Pick<GenroCall, 'principal'>, tenantId: string): string {
  if (principal.kind === 'tenant' && principal.tenantId !== tenantId) throw new MailProxyError('unauthenticated');
  return tenantId;
}

/**
 * What was the operator's, also where ours shows a tenant its own part.
 *
 * @throws {MailProxyError} `forbidden`
 */
export function adminOnly({ principal }: Pick<GenroCall, 'principal'>): void {
  if (principal.kind !== 'admin') throw new MailProxyError('forbidden', { detail: 'Admin token required' });
}

/** All pages of a list. */
export async function allOf<Item>(call: Pick<GenroCall, 'run'>, operation: string, input: object): Promise<Item[]> {
  const all: Item[] = [];
  for (let after: string | undefined; ; ) {
    const page = await call.run<{ items: readonly Item[]; next: string | null }>(operation, {
      ...input,
      limit: 1_000,
      ...(after === undefined ? {} : { after }),
    });
    all.push(...page.items);
    if (page.next === null) return all;
    after = page.next;
  }
}

/** Null where there is no such thing. */
export async function orNull<Value>(found: Promise<Value>): Promise<Value | null> {
  try {
    return await found;
  } catch (error) {
    if (isMailProxyError(error, 'not_found')) return null;
    throw error;
  }
}

/** Whether an operation takes a field, which mixins may add. */
export function takes({ engine }: Pick<GenroCall, 'engine'>, operation: string, field: string): boolean {
  const found = engine.operations.find(({ name }) => name === operation);
  return found !== undefined && 'entries' in found.input && field in Object(found.input.entries);
}

/** Whether there is such an operation, which mixins may add. */
export function has({ engine }: Pick<GenroCall, 'engine'>, operation: string): boolean {
  return engine.operations.some(({ name }) => name === operation);
}
