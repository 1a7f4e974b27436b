// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { ExitCode } from '../exit-codes.ts';
import { type CallResult, callServer, type ServerCall } from './call-server.ts';
import type { CommandContext } from './command-context.ts';
import { type Connection, type ConnectionFlags, connect } from './connection.ts';
import { reportResult } from './report-result.ts';

/** A server that one command asks several times. */
export interface ServerSession {
  readonly url: string;
  /** The tenant of the context that was chosen with `use`, where a command takes one and was given none. */
  readonly tenantId: string | undefined;
  /**
   * Make one call.
   *
   * @throws {CallFailed} where it did not succeed; a command that leaves it to {@link withServer} says what the others say
   */
  call<Schema extends v.GenericSchema>(schema: Schema, call: ServerCall): Promise<v.InferOutput<Schema>>;
  /** Make one GET; what is undefined in the query is left out. */
  get<Schema extends v.GenericSchema>(schema: Schema, path: string, query?: Query): Promise<v.InferOutput<Schema>>;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

type Failure = Exclude<CallResult, { kind: 'ok' | 'streamed' }>;

/** A call that came to nothing. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly result: Failure;

  constructor(result: Failure) {
    super(result.kind === 'problem' ? (result.problem.detail ?? `HTTP ${result.status}`) : result.reason);
    this.result = result;
  }

  /** `not_found` and the like; null where the server gave none. */
  get code(): string | null {
    return this.result.kind === 'problem' ? (this.result.problem.code ?? null) : null;
  }
}

/** Find the server that the flags name, run, and say what failed of its calls. */
export async function withServer(
  flags: ConnectionFlags & { readonly json?: true },
  context: CommandContext,
  run: (server: ServerSession) => Promise<ExitCode>,
): Promise<void> {
  await onServer(await connect(flags, context), flags, context, run);
}

/** The same on a connection that is known. */
export async function onServer(
  connection: Connection,
  { json }: { readonly json?: true },
  context: CommandContext,
  run: (server: ServerSession) => Promise<ExitCode>,
): Promise<void> {
  const { finish } = context;
  const call: ServerSession['call'] = async (schema, request) => {
    const result = await callServer(connection, request);
    if (result.kind === 'ok') return read(schema, result.value);
    if (result.kind === 'streamed') return read(schema, undefined);
    throw new CallFailed(result);
  };
  try {
    const get: ServerSession['get'] = (schema, path, query = {}) =>
      call(schema, { method: 'GET', path: pathWith(path, query) });
    finish(await run({ url: connection.url, tenantId: connection.tenantId ?? undefined, call, get }));
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    finish(reportResult(error.result, { connection, json: json === true, ...context }));
  }
}

/** A path and what follows its question mark. */
export function pathWith(path: string, query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given}`;
}

/** What answers may be no mail proxy, or one of another version. */
function read<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const detail = 'the answer is not the one of a mail proxy of this version';
  throw new CallFailed({ kind: 'problem', status: 502, problem: { detail } });
}
