// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { GenericSchema, InferOutput } from 'valibot';
import type { Statement } from '../database/statement.ts';
import type { Principal, Reach } from './principal.ts';
import type { Scope } from './scopes.ts';

/**
 * Who may call an operation.
 * - `admin`: the operator only.
 * - `tenant`: a tenant within its own resources, and the operator; the input's `tenant_id` says for whom.
 * - `token`: whoever has a token of the operator or of a tenant, whatever its scopes.
 * - `public`: anyone, without a token.
 */
export type Access = 'admin' | 'tenant' | 'token' | 'public';

/** What an operation demands of its caller. One for tenants can't be declared without the scope that opens it. */
export type Rights =
  | { readonly access: 'tenant'; readonly scope: Scope }
  | { readonly access: 'admin' | 'token' | 'public'; readonly scope?: never };

export interface HttpBinding {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{name}` for path parameters, each a field of the input. */
  readonly path: string;
  /** Status of success. @defaultValue 200 */
  readonly status?: 200 | 201 | 202 | 204;
  /** Whether it may wait for something, and wants to know when nobody waits for it. @defaultValue false */
  readonly mayWait?: boolean;
  /**
   * Whether it also takes `multipart/form-data`: the input as a field `message`, and files that become its `attachments`.
   * @defaultValue false
   */
  readonly takesFiles?: boolean;
  /**
   * What is run in its place where the body is a complete message, `message/rfc822`: its input has the message as `raw`,
   * and the rest in the query.
   * @defaultValue none
   */
  readonly forMail?: AnyOperation;
  /** Whether a request may come with an `Idempotency-Key`. @defaultValue false */
  readonly isRepeatable?: boolean;
  /** Headers that the answer has besides. @defaultValue none */
  readonly headersOf?: (output: never) => Readonly<Record<string, string>>;
  /**
   * What each line of the answer is, where it is lines of JSON as `application/x-ndjson`: the output then gives one after
   * the other, and is never in memory as a whole.
   * @defaultValue one JSON value
   */
  readonly lines?: GenericSchema;
  /**
   * The media type of the answer, where it is bytes as they are: the output then gives them piece by piece.
   * @defaultValue JSON
   */
  readonly bytes?: string;
}

/** A key by which a request that comes again is answered as before. */
export interface Idempotency {
  /** 1 to 255 visible characters of ASCII. */
  readonly key: string;
  /** Called when the answer is that to an earlier request. */
  readonly replayed: () => void;
}

/** What an operation knows of the call besides its input. */
export interface Call {
  readonly principal: Principal;
  /** The tenant or tenants whose rows this call may touch. */
  readonly reach: Reach;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** What mixins write with a row, by its primary key: part of the unit that adds or changes it. @defaultValue nothing */
  readonly also?: (pk: string) => readonly Statement[];
  /** Makes a repeated request one; null where the caller gave no key. */
  readonly idempotency: Idempotency | null;
  /** The trace that the call belongs to. @defaultValue none */
  readonly traceparent?: string | undefined;
}

/**
 * One command of the product. HTTP routes, the OpenAPI document, the command line and the audit log all derive
 * from this object; there is no other list of what can be done.
 *
 * @typeParam Services what `run` uses, and nothing more
 */
export type Operation<
  Services = never,
  Input extends GenericSchema = GenericSchema,
  Output extends GenericSchema = GenericSchema,
> = Rights & Command<Services, Input, Output>;

/** An operation without its rights. */
interface Command<Services, Input extends GenericSchema, Output extends GenericSchema> {
  /** `resource.verb`, stable: names the CLI command, the OpenAPI operationId and the audit rows. */
  readonly name: string;
  /** One line, imperative. */
  readonly summary: string;
  readonly http: HttpBinding;
  /** Whether a row of the command log is written, with the input less its secrets. */
  readonly audit: boolean;
  /** Path, query and body fields in one strict object. */
  readonly input: Input;
  readonly output: Output;
  /** Fields that it takes where a mixin adds them; without it they are refused as `enterprise_required`. @defaultValue none */
  readonly enterpriseFields?: readonly string[];
  /**
   * Whether test keys may call it: by its reach and its principal it keeps to sandboxes and their mail.
   * @defaultValue false
   */
  readonly forTestKeys?: true;
  // A method, so that operations of different inputs stand in one list; execute gives each what its own schema parsed.
  run(services: Services, input: InferOutput<Input>, call: Call): Promise<InferOutput<Output>>;
}

/** Declare an operation; the types of `run` follow from the schemas. */
export function defineOperation<Services, Input extends GenericSchema, Output extends GenericSchema>(
  operation: Operation<Services, Input, Output>,
): Operation<Services, Input, Output> {
  return operation;
}

/** Any operation, where only its description matters or {@link execute} will run it. */
export type AnyOperation = Operation<never>;
