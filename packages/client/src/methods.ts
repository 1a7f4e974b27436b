// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { OPERATIONS } from './generated/operations.ts';
import type { operations } from './generated/types.ts';

/** `messages.create` and the like. */
export type OperationName = keyof typeof OPERATIONS & keyof operations;

type Answers<Name extends OperationName> = operations[Name]['responses'];

/** The content of the answer of success. */
type Success<Name extends OperationName> = {
  [Status in keyof Answers<Name> & number]: Answers<Name>[Status] extends { readonly content: infer Content }
    ? Content
    : never;
}[keyof Answers<Name> & number];

type Fields<Given> = [NonNullable<Given>] extends [never] ? unknown : NonNullable<Given>;

type PathOf<Name extends OperationName> = Fields<operations[Name]['parameters']['path']>;
type QueryOf<Name extends OperationName> = Fields<operations[Name]['parameters']['query']>;

/** Where an operation has none, its type is never, which would be of every shape. */
type BodyOf<Name extends OperationName> = [NonNullable<operations[Name]['requestBody']>] extends [never]
  ? QueryOf<Name>
  : NonNullable<operations[Name]['requestBody']> extends {
        readonly content: { readonly 'application/json': infer Body };
      }
    ? Body
    : QueryOf<Name>;

/** What goes into an operation: the fields of its path, and those of its body or its query. */
export type Input<Name extends OperationName> = PathOf<Name> & BodyOf<Name>;

/** What goes with a complete mail. */
export type MailInput<Name extends OperationName> = PathOf<Name> & QueryOf<Name>;

/** What comes out of an operation: its JSON; its bytes where it has such. Undefined where it answers nothing. */
export type Output<Name extends OperationName> = [Success<Name>] extends [never]
  ? undefined
  : Success<Name> extends { readonly 'application/json': infer Value }
    ? Value
    : ReadableStream<Uint8Array>;

/** One of the values that an operation answers with line by line. */
export type Line<Name extends OperationName> =
  Success<Name> extends { readonly 'application/x-ndjson': infer Value } ? Value : never;

export interface CallOptions {
  /** Ends the call; it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Makes a call that comes again one, where the operation takes such a key: it is answered as before. Calls with a key are
   * tried again where no answer came. 1 to 255 visible characters of ASCII.
   */
  readonly idempotencyKey?: string | undefined;
  /** After which a server that has not answered hangs; longer than it is asked to wait. @defaultValue that of the client */
  readonly timeoutMs?: number | undefined;
  /**
   * Files by a name for each, where the operation takes files: they become attachments. An attachment of the input says more
   * about one with `storage_path: 'part:NAME'`.
   */
  readonly files?: Readonly<Record<string, File>> | undefined;
}

/** Whether nothing has to be given. */
type Arguments<Given> =
  Record<never, never> extends Given
    ? readonly [input?: Given, options?: CallOptions]
    : readonly [input: Given, options?: CallOptions];

/** Calls an operation. */
export type Method<Name extends OperationName> = (...args: Arguments<Input<Name>>) => Promise<Output<Name>>;

/** Calls an operation that answers line by line; it is called once the first line is asked for. */
export type LinesMethod<Name extends OperationName> = (...args: Arguments<Input<Name>>) => AsyncIterable<Line<Name>>;

/** Calls an operation with a complete mail, and what else is to be said in the input. */
export type MailMethod<Name extends OperationName> = (
  mail: string | Blob | Uint8Array<ArrayBuffer>,
  ...args: Arguments<MailInput<Name>>
) => Promise<Output<Name>>;
