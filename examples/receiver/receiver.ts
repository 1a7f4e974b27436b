// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { MessageInput, ReportEvent } from '@mail-proxy/core';
import { isSigned } from './verify-webhook.ts';

/** What the application makes of an event. */
export type Verdict =
  | 'done'
  /** No message of ours has that id. */
  | 'unknown'
  /** Not now: it comes again later. */
  | 'later';

export interface ReceiverOptions {
  /** Of the tenant: both while a new one takes the place of another. */
  readonly secrets: readonly string[];
  /** Handle an event. Called once for each, unless it said `later`. */
  readonly onEvent: (event: ReportEvent) => Verdict;
  /**
   * Messages to send, given with the answer. Give those again that you have not heard of since: by their ids they are
   * sent once.
   */
  readonly outbox: () => readonly MessageInput[];
}

/** Bytes of a call that are read; a report has half a million at most, unless a single event is larger. */
const MAX_BODY_BYTES = 8_388_608;

/** The endpoint that an application offers for reports. */
export function createReceiver({ secrets, onEvent, outbox }: ReceiverOptions): Server {
  // An application keeps these where it keeps what the events change, in one transaction with that.
  const handled = new Set<string>();

  const receive = async (request: IncomingMessage): Promise<{ readonly status: number; readonly answer: object }> => {
    const body = await bodyOf(request);
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map(
      (name) => request.headers[`webhook-${name}`],
    );
    const headers = { id: text(id), timestamp: text(timestamp), signature: text(signature) };
    if (!isSigned(secrets, headers, { body, now: Date.now() / 1_000 })) return { status: 401, answer: { ok: false } };

    // It is what we were promised, since it is signed.
    const { delivery_report } = JSON.parse(body.toString('utf8')) as {
      readonly delivery_report: readonly ReportEvent[];
    };
    const error: string[] = [];
    const notFound: string[] = [];
    for (const event of delivery_report) {
      // The same event may come twice, under the same id: an answer may be lost.
      if (handled.has(event.event_id)) continue;
      const verdict = onEvent(event);
      if (verdict === 'later') error.push(event.event_id);
      else handled.add(event.event_id);
      if (verdict === 'unknown') notFound.push(event.event_id);
    }
    return { status: 200, answer: { ok: true, error, not_found: notFound, messages: outbox() } };
  };

  return createServer((request, response) => {
    receive(request).then(
      ({ status, answer }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
      // Nothing is confirmed, so all of it comes again.
      () => response.writeHead(500).end(),
    );
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
