// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ApiError, errorOfAnswer } from './api-error.ts';
import { retryDelayMs, waitBeforeRetry } from './retry.ts';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface TransportOptions {
  /** Where the server is, with the path that it has behind a proxy. */
  readonly url: string;
  /** An API key or the admin token. @defaultValue none is sent */
  readonly token?: string | null | undefined;
  /** @defaultValue the platform's */
  readonly fetch?: Fetch | undefined;
  /** A server that has not answered by then hangs; of streams, not begun to. @defaultValue 60000 */
  readonly timeoutMs?: number | undefined;
  /** How often a call that changes nothing, or that has an idempotency key, is tried again. @defaultValue 2 */
  readonly retries?: number | undefined;
  /** Waits between tries. @defaultValue by timers, with jitter */
  readonly wait?: ((delayMs: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

/** One request, of any path. */
export interface TransportCall {
  readonly method: string;
  /** With its query, from `/` on. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent in place of `body`, as what it says that it is. */
  readonly content?: Content | undefined;
  /** Visible ASCII, 1 to 255 characters; the same key and body are answered as before. */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue that of the transport */
  readonly timeoutMs?: number | undefined;
}

/** A body that is not JSON. */
export interface Content {
  /** Undefined for forms: the platform says what parts them. */
  readonly type?: string;
  readonly data: string | Blob | FormData | Uint8Array<ArrayBuffer>;
}

/** Calls a server. */
export interface Transport {
  /**
   * Take the answer as a whole: JSON as its value, anything else as its text, undefined where it is empty.
   *
   * @throws {ApiError}
   */
  value(call: TransportCall): Promise<unknown>;
  /**
   * Take the answer as it comes.
   *
   * @throws {ApiError}
   */
  stream(call: TransportCall): Promise<ReadableStream<Uint8Array>>;
}

const TIMEOUT_MS = 60_000;
const RETRIES = 2;

/** Speak to one server as one caller. */
export function createTransport(options: TransportOptions): Transport {
  const { retries = RETRIES, wait = waitBeforeRetry } = options;
  async function attempts<Value>(call: TransportCall, take: Take<Value>): Promise<Value> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await attemptOnce(options, call, take);
      } catch (error) {
        const delayMs = attempt > retries ? null : retryDelayMs(call, error, attempt);
        if (delayMs === null) throw error;
        await wait(delayMs, call.signal);
      }
    }
  }
  return {
    value: (call) => attempts(call, takeValue),
    stream: (call) =>
      attempts(call, async ({ body }) =>
        readable(body ?? new Blob([]).stream(), (cause) => failureOf(options, call, cause)),
      ),
  };
}

/** What is taken of a success. */
type Take<Value> = (answer: Response) => Promise<Value>;

async function attemptOnce<Value>(options: TransportOptions, call: TransportCall, take: Take<Value>): Promise<Value> {
  const { url, fetch: send = fetch } = options;
  const timeoutMs = call.timeoutMs ?? options.timeoutMs ?? TIMEOUT_MS;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    const signal = call.signal === undefined ? late.signal : AbortSignal.any([late.signal, call.signal]);
    const answer = await send(`${url.replace(/\/+$/, '')}${call.path}`, { ...requestOf(options, call), signal });
    if (!answer.ok) throw await errorOfAnswer(answer);
    return await take(answer);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    call.signal?.throwIfAborted();
    throw unanswered(url, cause, late.signal.aborted);
  } finally {
    clearTimeout(timer);
  }
}

/** A redirect would take the token elsewhere. */
function requestOf({ token = null }: TransportOptions, call: TransportCall): RequestInit {
  const { method, body, idempotencyKey } = call;
  const content = call.content ?? (body === undefined ? null : { type: JSON_TYPE, data: JSON.stringify(body) });
  return {
    method,
    redirect: 'error',
    headers: {
      accept: JSON_TYPE,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(content?.type === undefined ? {} : { 'content-type': content.type }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    ...(content === null ? {} : { body: content.data }),
  };
}

const JSON_TYPE = 'application/json';

async function takeValue(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not our server, or something between: its words are given as they are.
    return text;
  }
}

/** The same bytes, where a connection that breaks is told as every other failure. */
function readable(body: ReadableStream<Uint8Array>, failed: (cause: unknown) => unknown): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const read = await reader.read().catch((cause: unknown) => {
        throw failed(cause);
      });
      if (read.done) controller.close();
      else controller.enqueue(read.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** Who ended the call hears their own reason. */
function failureOf({ url }: TransportOptions, { signal }: TransportCall, cause: unknown): unknown {
  return signal?.aborted === true ? signal.reason : unanswered(url, cause, false);
}

function unanswered(url: string, cause: unknown, isLate: boolean): ApiError {
  const reason = isLate ? 'TIMEOUT' : reasonOf(cause);
  return new ApiError({
    status: null,
    code: isLate ? 'timeout' : 'unreachable',
    message: `${url} does not answer (${reason})`,
    problem: { detail: reason },
    cause,
  });
}

/** Node tells the code of the socket's error in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
