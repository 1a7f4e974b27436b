// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Content, createTransport, isApiError, type Problem } from '@mail-proxy/client';
import type { PlainConnection } from './connection.ts';

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

/**
 * Make one call to the server. It is not repeated: who types it sees what came of it.
 *
 * @throws what `onBody` throws
 */
export async function callServer({ url, token }: PlainConnection, call: ServerCall): Promise<CallResult> {
  const { method, path, body, timeoutMs, onBody } = call;
  const transport = createTransport({ url, token, retries: 0 });
  const request = { method, path, body, content: contentOf(call), timeoutMs };
  try {
    if (onBody === undefined) return { kind: 'ok', value: await transport.value(request) };
    await onBody(await transport.stream(request));
    return { kind: 'streamed' };
  } catch (error) {
    if (!isApiError(error)) throw error;
    const { status, problem, message } = error;
    if (status === null) return { kind: 'unreachable', reason: problem.detail ?? message };
    return { kind: 'problem', status, problem };
  }
}

function contentOf({ mail, form }: ServerCall): Content | undefined {
  if (form !== undefined) return { data: form };
  return mail === undefined ? undefined : { type: 'message/rfc822', data: mail };
}
