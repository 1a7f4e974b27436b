// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { RecipientStatus } from './api.ts';

/** What the proxy tells about a message: exactly one of the three times is there. */
export interface Report {
  /** The client's id of the message. */
  readonly id: string;
  /** The same when a report comes a second time, because the first answer was lost on its way. */
  readonly event_id: string;
  /** Epoch seconds: the relay took it. */
  readonly sent_ts?: number;
  /** Epoch seconds: it was given up. */
  readonly error_ts?: number;
  readonly error?: string;
  /** Epoch seconds: it failed for now, and will be tried again. */
  readonly deferred_ts?: number;
  readonly deferred_reason?: string;
  readonly recipients: readonly RecipientStatus[];
}

export interface ReportReceiver extends AsyncDisposable {
  /** What a tenant gives as `client_base_url`. */
  readonly url: string;
  /** What was told so far; a report that came twice is in it once. */
  reports(): readonly Report[];
  /** Messages of which the end was told. */
  readonly ended: ReadonlySet<string>;
  /**
   * Wait until the end of `count` messages was told.
   * @throws the reason of `signal`
   */
  waitForEnds(count: number, signal: AbortSignal): Promise<void>;
}

/**
 * Start the part that you would write: the endpoint of your application that the proxy tells what became of the
 * mail. A report is repeated until it is answered with `ok`.
 */
export async function startReportReceiver(): Promise<ReportReceiver> {
  const reports = new Map<string, Report>();
  const ended = new Set<string>();
  const calls = new EventEmitter();

  async function receive(request: IncomingMessage): Promise<void> {
    // the proxy's shape; an application that faces the Internet checks the credentials of client_auth first
    const { delivery_report } = (await json(request)) as { readonly delivery_report: readonly Report[] };
    for (const report of delivery_report) {
      reports.set(report.event_id, report);
      if (report.sent_ts !== undefined || report.error_ts !== undefined) ended.add(report.id);
    }
    calls.emit('call');
  }

  const server = createServer((request, response) => {
    receive(request).then(
      () => response.setHeader('content-type', 'application/json').end('{"ok":true,"queued":0}'),
      () => response.writeHead(400).end(),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  return {
    // an address and a port, as it listens on TCP
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reports: () => [...reports.values()],
    ended,
    async waitForEnds(count, signal) {
      // an aborted "once" gives its own error, the reason says more
      while (ended.size < count) await once(calls, 'call', { signal }).catch(() => signal.throwIfAborted());
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
