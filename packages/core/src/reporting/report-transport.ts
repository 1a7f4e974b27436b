// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ClientAuth } from '../entities/tenant/client-auth.ts';
import { DEFAULT_SYNC_PATH } from '../entities/tenant/tenant.store.ts';
import { parseReportAnswer, type ReportAnswer, type ReportBody, type ReportEvent } from './report-protocol.ts';

/** Where a tenant is told. */
export interface ReportTarget {
  readonly url: string;
  readonly auth: ClientAuth;
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

/** Calls over HTTP. Redirects are not followed: the token must not reach an address that the operator did not enter. */
export const httpReportTransport: ReportTransport = async (target, body, signal) => {
  try {
    const response = await fetch(target.url, {
      method: 'POST',
      redirect: 'manual',
      signal,
      headers: {
        accept: 'application/json',
        // What is counted is what was sent: no small answer unfolds into a large one.
        'accept-encoding': 'identity',
        'content-type': 'application/json',
        'user-agent': 'mail-proxy',
        ...authorization(target.auth),
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return { acknowledged: false, reason: `the endpoint answered ${response.status}` };
    }
    const text = await readAtMost(response, MAX_ANSWER_BYTES);
    if (text === null) return { acknowledged: false, reason: 'the answer is larger than 1 MiB' };
    return parseReportAnswer(text);
  } catch (error) {
    return { acknowledged: false, reason: signal.aborted ? 'no answer in time' : `the call failed: ${codeOf(error)}` };
  }
};

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

function authorization(auth: ClientAuth): { readonly authorization?: string } {
  switch (auth.method) {
    case 'none':
      return {};
    case 'bearer':
      return { authorization: `Bearer ${auth.token}` };
    case 'basic':
      return { authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`, 'utf8').toString('base64')}` };
    default:
      return auth satisfies never;
  }
}

/** The body as text; null, and the connection closed, when it is longer than `maxBytes`. */
async function readAtMost(response: Response, maxBytes: number): Promise<string | null> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A code or a class name, never a message: that of a header that cannot be sent quotes the token. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const cause: unknown = error.cause;
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string') {
    return cause.code;
  }
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name;
}
