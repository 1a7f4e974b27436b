// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { authorization, type ClientAuth } from '../entities/tenant/client-auth.ts';
import { DEFAULT_SYNC_PATH } from '../entities/tenant/tenant.store.ts';
import { isMailProxyError } from '../errors.ts';
import type { OutgoingHttp, OutgoingPolicy } from '../outgoing/outgoing-http.types.ts';
import { discardBody } from '../outgoing/response-body.ts';
import { parseReportAnswer, type ReportAnswer, type ReportBody, type ReportEvent } from './report-protocol.ts';

/** Where a tenant is told. */
export interface ReportTarget {
  readonly url: string;
  readonly auth: ClientAuth;
  /** Where the tenant's requests may go. @defaultValue the instance's */
  readonly policy?: OutgoingPolicy;
}

/**
 * Make one call. Resolves whatever the endpoint does, once it did or `signal` aborts: that a call fails is a result,
 * not an exception.
 */
export type ReportTransport = (target: ReportTarget, body: ReportBody, signal: AbortSignal) => Promise<ReportAnswer>;

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

/**
 * Call over HTTP, for `timeoutMs` at most. Redirects are not followed: the token must not reach an address that the
 * operator did not enter.
 */
export function createHttpReportTransport(http: Pick<OutgoingHttp, 'request'>, timeoutMs: number): ReportTransport {
  return async (target, body, signal) => {
    try {
      const response = await http.request({
        method: 'POST',
        url: target.url,
        signal,
        timeoutMs,
        maxBytes: MAX_ANSWER_BYTES,
        ...(target.policy === undefined ? {} : { policy: target.policy }),
        headers: { accept: 'application/json', 'content-type': 'application/json', ...authorization(target.auth) },
        body: JSON.stringify(body),
      });
      if (response.status < 200 || response.status > 299) {
        await discardBody(response.body);
        return { acknowledged: false, reason: `the endpoint answered ${response.status}` };
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      return parseReportAnswer(Buffer.concat(chunks).toString('utf8'));
    } catch (error) {
      return { acknowledged: false, reason: signal.aborted ? 'no answer in time' : reasonOf(error) };
    }
  };
}

/** Hands batches to `sink` in place of HTTP; it is not called without news. */
export function sinkReportTransport(sink: ReportSink): ReportTransport {
  return async (_target, body, signal) => {
    const taken: ReportAnswer = { acknowledged: true, queued: 0, nextSyncAfter: null, error: [], notFound: [] };
    if (body.delivery_report.length === 0) return taken;
    const outOfTime = Promise.withResolvers<'aborted'>();
    const onAbort = (): void => outOfTime.resolve('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      const result = await Promise.race([sink(body.delivery_report), outOfTime.promise]);
      if (result === 'aborted') return { acknowledged: false, reason: 'the report sink did not return in time' };
      return result?.ok === false ? { acknowledged: false, reason: 'the report sink said ok: false' } : taken;
    } catch (error) {
      return { acknowledged: false, reason: `the report sink failed: ${codeOf(error)}` };
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };
}

function reasonOf(error: unknown): string {
  if (isMailProxyError(error, 'address_not_allowed')) return error.message;
  if (!isMailProxyError(error, 'outgoing_failed')) return `the call failed: ${codeOf(error)}`;
  switch (error.extra['kind']) {
    case 'timeout':
      return 'no answer in time';
    case 'too_large':
      return 'the answer is larger than 1 MiB';
    default:
      return error.message;
  }
}

/** A code or a class name, never a message, which may quote what was sent. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
