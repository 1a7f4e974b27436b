// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenOnLoopback } from './loopback.ts';
import { Recording } from './recording.ts';

/** One entry of `delivery_report` as it came. */
export type ReceivedReport = Readonly<Record<string, unknown>>;

/** One call of the endpoint. */
export interface ReportRequest {
  /** Ordinal of the call, from 1. */
  readonly n: number;
  /** When its last byte was read, milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The bytes that a signature covers. */
  readonly rawBody: Buffer;
  /** The JSON, parsed; undefined when it is none. */
  readonly body: unknown;
  /** The entries of its `delivery_report`; none when there is no such list. */
  readonly reports: readonly ReceivedReport[];
}

/** What the endpoint does with a call. With nothing set it is `200 {"ok":true,"queued":0}`. */
export interface ReportAnswer {
  /** @defaultValue 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** The body as it is, in place of `json`. */
  readonly raw?: string | Uint8Array;
  /** Milliseconds before the answer. */
  readonly delayMs?: number;
  /** Never answer, keep the connection. */
  readonly hang?: boolean;
  /** Cut the connection with a TCP RST. */
  readonly destroy?: boolean;
}

export interface ReportReceiverOptions {
  /** Decide on the answer to the call number `n`, from 1. */
  answer?(body: unknown, n: number, request: ReportRequest): ReportAnswer | Promise<ReportAnswer>;
}

export interface ReportReceiver extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; every path under it is received. */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly ReportRequest[];
  /** The entries of all calls in order, those of calls that were refused too. */
  readonly reports: readonly ReceivedReport[];
  /** Wait for a number of calls, or for the first that matches. */
  waitForRequests: Recording<ReportRequest>['waitFor'];
  /** Wait for a number of entries, or for the first that matches. */
  waitForReports: Recording<ReceivedReport>['waitFor'];
  close(): Promise<void>;
}

/** Start a tenant's own endpoint: it records each call, and answers as told. */
export async function startReportReceiver({ answer }: ReportReceiverOptions = {}): Promise<ReportReceiver> {
  const requests = new Recording<ReportRequest>('call of the report endpoint');
  const reports = new Recording<ReceivedReport>('delivery report');
  let calls = 0;

  async function receive(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming, () => {
      calls += 1;
      return calls;
    });
    requests.add(request);
    for (const report of request.reports) reports.add(report);
    await respond(outgoing, (await answer?.(request.body, request.n, request)) ?? {});
  }

  const server = createServer((incoming, outgoing) => {
    // a client that went away in the middle of its call, or an `answer` that threw
    receive(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
  const loopback = await listenOnLoopback(server);
  const close = async (): Promise<void> => {
    await loopback.close();
    requests.close();
    reports.close();
  };
  return {
    url: `http://127.0.0.1:${loopback.port}`,
    port: loopback.port,
    requests: requests.items,
    reports: reports.items,
    waitForRequests: requests.waitFor.bind(requests),
    waitForReports: reports.waitFor.bind(reports),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function readRequest(incoming: IncomingMessage, number: () => number): Promise<ReportRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const rawBody = Buffer.concat(chunks);
  const body = parseJson(rawBody);
  return {
    n: number(),
    at: Date.now(),
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    rawBody,
    body,
    reports: reportsIn(body),
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // said so at `body`; the bytes stay in `rawBody`
  }
}

function reportsIn(body: unknown): readonly ReceivedReport[] {
  if (typeof body !== 'object' || body === null || !('delivery_report' in body)) return [];
  const list: unknown = body.delivery_report;
  return Array.isArray(list) ? list : [];
}

async function respond(outgoing: ServerResponse, answer: ReportAnswer): Promise<void> {
  const { status = 200, headers = {}, delayMs = 0, hang = false, destroy = false } = answer;
  if (delayMs > 0) await sleep(delayMs);
  if (destroy) outgoing.socket?.resetAndDestroy();
  if (hang || destroy || outgoing.destroyed) return;
  const json = answer.json ?? (status < 300 ? { ok: true, queued: 0 } : undefined);
  const body = answer.raw ?? (json === undefined ? '' : JSON.stringify(json));
  const type = answer.raw === undefined ? { 'content-type': 'application/json' } : {};
  outgoing.writeHead(status, { ...type, ...headers });
  outgoing.end(body);
  await once(outgoing, 'close');
}
