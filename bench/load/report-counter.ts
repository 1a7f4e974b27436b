// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { epochMs } from './epoch.ts';

/** Numbered messages whose ends are waited for. */
export interface ExpectedReports {
  /** How many have not been reported. */
  readonly missing: number;
  /** Milliseconds since the epoch: when the last one was told so far, or null. */
  readonly lastAt: number | null;
  /** Resolves once all were reported. */
  readonly all: Promise<void>;
}

/** The endpoint of a tenant that only counts: it keeps a byte for each message. */
export interface ReportCounter extends AsyncDisposable {
  readonly url: string;
  /** Wait for the last reports of `PREFIX-1` to `PREFIX-COUNT`. To be called before they are submitted. */
  expect(prefix: string, count: number): ExpectedReports;
}

export async function startReportCounter(): Promise<ReportCounter> {
  const expected = new Map<string, Expectation>();
  const server = createServer((request, response) => {
    receive(request).catch((error: unknown) => console.error(`a report was not understood: ${String(error)}`));

    async function receive(incoming: typeof request): Promise<void> {
      // What a server of ours sends; fields that are missing are seen below.
      const body = (await json(incoming)) as { readonly delivery_report?: readonly Record<string, unknown>[] };
      for (const { id, deferred_ts } of body.delivery_report ?? []) {
        if (typeof id !== 'string' || deferred_ts !== undefined) continue;
        const dash = id.lastIndexOf('-');
        expected.get(id.slice(0, dash))?.mark(Number(id.slice(dash + 1)));
      }
      response.setHeader('content-type', 'application/json');
      response.end('{"ok":true,"queued":0}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    expect(prefix, count) {
      const expectation = new Expectation(count);
      expected.set(prefix, expectation);
      return expectation;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

class Expectation implements ExpectedReports {
  readonly #seen: Uint8Array;
  readonly #all = Promise.withResolvers<void>();
  missing: number;
  lastAt: number | null = null;

  constructor(count: number) {
    this.#seen = new Uint8Array(count + 1);
    this.missing = count;
    if (count === 0) this.#all.resolve();
  }

  get all(): Promise<void> {
    return this.#all.promise;
  }

  mark(number: number): void {
    if (this.#seen[number] !== 0 || number === 0) return;
    this.#seen[number] = 1;
    this.missing -= 1;
    this.lastAt = epochMs();
    if (this.missing === 0) this.#all.resolve();
  }
}
