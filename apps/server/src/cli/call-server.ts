// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PlainConnection } from './connection.ts';
import { UsageError } from './usage-error.ts';

export interface ServerCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  /** A complete mail, sent as it is in place of `body`. */
  readonly mail?: Uint8Array<ArrayBuffer>;
  /** A form, in place of both. */
  readonly form?: FormData;
  /** After which a server that has not answered hangs. @defaultValue a minute */
  readonly timeoutMs?: number;
  /** Takes the body of a success as it comes. @defaultValue it is read as a whole */
  readonly onBody?: (body: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** What came of a call. */
export type CallResult =
  /** `value` is undefined for an answer without a body. */
  | { readonly kind: 'ok'; readonly value: unknown }
  /** `onBody` took it. */
  | { readonly kind: 'streamed' }
  | { readonly kind: 'problem'; readonly status: number; readonly problem: Problem }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** What is shown of a problem document. */
export interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly instance?: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
}

const TIMEOUT_MS = 60_000;

/**
 * Make one call to the server.
 *
 * @throws {UsageError} of `onBody`
 */
export async function callServer({ url, token }: PlainConnection, call: ServerCall): Promise<CallResult> {
  const { method, path, onBody, timeoutMs = TIMEOUT_MS } = call;
  const content = contentOf(call);
  let response: Response;
  let text: string;
  // Of what is streamed, for its beginning only.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error('TIMEOUT')), timeoutMs);
  try {
    response = await fetch(`${url}${path}`, {
      method,
      redirect: 'error',
      signal: late.signal,
      headers: {
        accept: 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(content?.type === undefined ? {} : { 'content-type': content.type }),
      },
      ...(content === null ? {} : { body: content.body }),
    });
    if (response.ok && response.body !== null && onBody !== undefined) {
      clearTimeout(timer);
      await onBody(response.body);
      return { kind: 'streamed' };
    }
    text = await response.text();
  } catch (error) {
    // It was not the server.
    if (error instanceof UsageError) throw error;
    return { kind: 'unreachable', reason: reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
  const value = parse(text);
  if (response.ok) return { kind: 'ok', value };
  // Whatever answers there, only the fields that are texts are shown.
  const problem = (typeof value === 'object' && value !== null ? value : { detail: text.slice(0, 500) }) as Problem;
  return { kind: 'problem', status: response.status, problem };
}

function contentOf({ body, mail, form }: ServerCall) {
  // The boundary in its type is made when it is sent.
  if (form !== undefined) return { type: undefined, body: form };
  if (mail !== undefined) return { type: 'message/rfc822', body: mail };
  return body === undefined ? null : { type: 'application/json', body: JSON.stringify(body) };
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not our server, or something between: its words are shown as they are.
    return text;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
