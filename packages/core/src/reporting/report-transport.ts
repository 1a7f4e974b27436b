// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { authorization, type ClientAuth } from '../entities/tenant/client-auth.ts';
import { DEFAULT_SYNC_PATH } from '../entities/tenant/tenant.store.ts';
import { isMailProxyError } from '../errors.ts';
import type { OutgoingHttp, OutgoingPolicy } from '../outgoing/outgoing-http.types.ts';
import { parseRetryAfter } from '../outgoing/retry-after.ts';
import { answerExcerpt } from './answer-excerpt.ts';
import type { Batch } from './batch.ts';
import { parseAnyAnswer, parseReportAnswer, type ReportAnswer, type ReportEvent } from './report-protocol.ts';
import { webhookHeaders } from './sign-report.ts';

/** Where a tenant is told. */
export interface ReportTarget {
  readonly url: string;
  readonly auth: ClientAuth;
  /** Where the tenant's requests may go. @defaultValue the instance's */
  readonly policy?: OutgoingPolicy;
  /** Each signs the call. @defaultValue none */
  readonly secrets?: readonly string[];
}

/** How a call ended. */
export interface CallResult {
  readonly answer: ReportAnswer;
  /** Null where there was none. */
  readonly status: number | null;
  /** The beginning of the body, without secrets; null where there was none. */
  readonly excerpt: string | null;
}

/**
 * Make one call. Resolves whatever the endpoint does, once it did or `signal` aborts: that a call fails is a result,
 * not an exception.
 */
export type ReportTransport = (target: ReportTarget, batch: Batch, signal: AbortSignal) => Promise<CallResult>;

/** Takes a batch inside the process. What it throws, and `{ ok: false }`, make the batch come again. */
export type ReportSink = (
  batch: readonly ReportEvent[],
  // biome-ignore lint/suspicious/noConfusingVoidType: a sink that returns nothing has taken the batch
) => Promise<{ readonly ok: boolean } | void>;

/** The target of every tenant while a {@link ReportSink} takes the reports. */
export const SINK_TARGET: ReportTarget = { url: 'embedded:', auth: { method: 'none' } };

/** Bytes of an answer that are read. A good one has a hundred; only lists of refused ids make it longer. */
const MAX_ANSWER_BYTES = 1_048_576;

/** The endpoint of a tenant: base URL and path joined with one slash. */
export function reportUrl(baseUrl: string, syncPath: string | null): string {
  return baseUrl.replace(/\/+$/, '') + (syncPath ?? DEFAULT_SYNC_PATH);
}

/** Of the body of an answer that is no good one: it is for a person. */
const MAX_REFUSAL_BYTES = 65_536;
/** Answers that say when to come back. */
const COME_BACK: ReadonlySet<number> = new Set([429, 503]);
const GONE = 410;

export interface HttpReporting {
  readonly http: Pick<OutgoingHttp, 'request'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly timeoutMs: number;
  /** Whether only `ok: true` acknowledges. @defaultValue true */
  readonly requiresOk?: boolean;
}

/**
 * Call over HTTP, for `timeoutMs` at most. Redirects are not followed: the token must not reach an address that the
 * operator did not enter.
 */
export function createHttpReportTransport(reporting: HttpReporting): ReportTransport {
  const { http, clock, timeoutMs, requiresOk = true } = reporting;
  const parse = requiresOk ? parseReportAnswer : parseAnyAnswer;
  return async (target, batch, signal) => {
    let status: number | null = null;
    try {
      const timestamp = Math.floor(clock.now() / 1_000);
      const response = await http.request({
        method: 'POST',
        url: target.url,
        signal,
        timeoutMs,
        maxBytes: MAX_ANSWER_BYTES,
        ...(target.policy === undefined ? {} : { policy: target.policy }),
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          ...(batch.traceparent === undefined ? {} : { traceparent: batch.traceparent }),
          ...authorization(target.auth),
          ...webhookHeaders(target.secrets ?? [], { id: batch.id, timestamp, payload: batch.json }),
        },
        body: batch.json,
      });
      status = response.status;
      if (status < 200 || status > 299) {
        const answer = refusal(status, parseRetryAfter(response.headers['retry-after'], clock.now()));
        return { answer, status, excerpt: answerExcerpt(await beginningOf(response.body), target) };
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString('utf8');
      return { answer: parse(text), status, excerpt: answerExcerpt(text, target) };
    } catch (error) {
      const reason = signal.aborted ? 'no answer in time' : reasonOf(error);
      return { answer: { acknowledged: false, reason }, status, excerpt: null };
    }
  };
}

function refusal(status: number, retryAfterMs: number | null): ReportAnswer {
  return {
    acknowledged: false,
    reason: `the endpoint answered ${status}`,
    retryAfterMs: COME_BACK.has(status) ? retryAfterMs : null,
    isGone: status === GONE,
  };
}

/** What a refusal says is worth a look, and no more: a body that breaks off or is a bomb changes nothing. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= MAX_REFUSAL_BYTES) break;
    }
  } catch (error) {
    if (!isMailProxyError(error)) throw error;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Hands batches to `sink` in place of HTTP; it is not called without news. */
export function sinkReportTransport(sink: ReportSink): ReportTransport {
  const result = (answer: ReportAnswer): CallResult => ({ answer, status: null, excerpt: null });
  return async (_target, { items }, signal) => {
    const taken = result({
      acknowledged: true,
      queued: 0,
      nextSyncAfter: null,
      error: [],
      notFound: [],
      messages: [],
    });
    if (items.length === 0) return taken;
    const outOfTime = Promise.withResolvers<'aborted'>();
    const onAbort = (): void => outOfTime.resolve('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const failed = (reason: string): CallResult => result({ acknowledged: false, reason });
    try {
      const said = await Promise.race([sink(items.map(({ event }) => event)), outOfTime.promise]);
      if (said === 'aborted') return failed('the report sink did not return in time');
      return said?.ok === false ? failed('the report sink said ok: false') : taken;
    } catch (error) {
      return failed(`the report sink failed: ${codeOf(error)}`);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };
}

function reasonOf(error: unknown): string {
  if (isMailProxyError(error, 'address_not_allowed')) return error.message;
  if (!isMailProxyError(error, 'outgoing_failed')) return `the call failed: ${codeOf(error)}`;
  return error.extra['kind'] === 'timeout' ? 'no answer in time' : error.message;
}

/** A code or a class name, never a message, which may quote what was sent. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
