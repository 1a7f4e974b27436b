// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { OPERATIONS } from './generated/operations.ts';
import type { Resources } from './generated/resources.ts';
import { jsonLines } from './json-lines.ts';
import type { CallOptions } from './methods.ts';
import { placeInput, type Route, withQuery } from './route.ts';
import { type Content, createTransport, type Transport, type TransportOptions } from './transport.ts';

export interface ClientOptions extends TransportOptions {
  /** The tenant that is meant where an input may name one and names none. @defaultValue the token's, or all */
  readonly tenantId?: string | undefined;
}

/** A method for each operation, as `client.messages.create`. */
export interface Client extends Resources {
  /** Calls paths that are none of these: those of mixins. */
  readonly transport: Transport;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Make a client of one server, for one caller.
 *
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:8000', token: process.env.GMP_API_TOKEN });
 * await client.messages.create({ id: 'order-4711', from: 'shop@shop.example', to: 'ada@example.org', subject: 'Thanks', text: 'Yours' });
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options);
  const resources: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries<Route>(OPERATIONS)) {
    const [resource, verb] = wordsOf(name);
    resources[resource] = {
      ...resources[resource],
      ...methodsOf(verb, route, { transport, tenantId: options.tenantId }),
    };
  }
  // The table and the interface are made of one document.
  return { ...(resources as unknown as Resources), transport };
}

interface Caller {
  readonly transport: Transport;
  readonly tenantId: string | undefined;
}

function methodsOf(verb: string, route: Route, { transport, tenantId }: Caller): Readonly<Record<string, unknown>> {
  const { method, answer = 'json' } = route;
  const withTenant = (input: Fields): Fields =>
    route.takesTenant === true && tenantId !== undefined && input['tenant_id'] === undefined
      ? { ...input, tenant_id: tenantId }
      : input;

  const callOf = (input: Fields = {}, { files, ...options }: CallOptions = {}) => {
    const { path, body } = placeInput(route, withTenant(input));
    return { ...options, method, path, body, content: files === undefined ? undefined : formOf(body, files) };
  };
  if (answer === 'lines') {
    return {
      [verb]: async function* (input?: Fields, options?: CallOptions) {
        yield* jsonLines(await transport.stream(callOf(input, options)));
      },
    };
  }
  const take = answer === 'bytes' ? transport.stream : transport.value;
  return {
    [verb]: async (input?: Fields, options?: CallOptions) => take(callOf(input, options)),
    ...(route.takesMail !== true
      ? {}
      : {
          [`${verb}FromMail`]: async (
            mail: Content['data'],
            input: Fields = {},
            { files: _, ...options }: CallOptions = {},
          ) =>
            take({
              ...options,
              method,
              path: withQuery(route.path, withTenant(input)),
              content: { type: 'message/rfc822', data: mail },
            }),
        }),
  };
}

function formOf(message: Fields | undefined, files: NonNullable<CallOptions['files']>): Content {
  const form = new FormData();
  form.append('message', new Blob([JSON.stringify(message ?? {})], { type: 'application/json' }));
  for (const [name, file] of Object.entries(files)) form.append(name, file);
  return { data: form };
}

/** Say by which method of the client an operation is called, as `messages.createBatch`; null where it has none. */
export function methodOf(operation: string): string | null {
  return Object.hasOwn(OPERATIONS, operation) ? wordsOf(operation).join('.') : null;
}

function wordsOf(operation: string): readonly [resource: string, verb: string] {
  const at = operation.indexOf('.');
  return [camelCase(operation.slice(0, at)), camelCase(operation.slice(at + 1))];
}

function camelCase(words: string): string {
  return words.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
