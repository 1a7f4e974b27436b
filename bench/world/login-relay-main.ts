// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// A relay that speaks TLS from the first byte and wants a login, as far away as it is told; asked over HTTP by
// login-relay.ts.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createTestCertificate, startSmtpSink, tally } from '@mail-proxy/testkit';

const { LATENCY_MS = '0', LOGIN_USER = '', LOGIN_PASS = '' } = process.env;
const HOST = '127.0.0.1';

const sink = await startSmtpSink({
  tls: { ...createTestCertificate(), mode: 'implicit' },
  users: { [LOGIN_USER]: LOGIN_PASS },
});
const port = await listen(createTcpServer((client) => passLate(client, Number(LATENCY_MS))));

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', `http://${HOST}`);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(await answer(pathname, searchParams)));
});
console.log(`listening on http://${HOST}:${await listen(server)}`);

async function answer(path: string, query: URLSearchParams): Promise<unknown> {
  switch (path) {
    case '/port':
      return port;
    case '/taken':
      return sink.messages.length;
    case '/wait':
      await sink.waitFor(Number(query.get('total')), { timeoutMs: 86_400_000 });
      return null;
    default: {
      const arrivals = sink.messages.map(({ headers, at }) => ({
        mailId: headers.get('x-genro-mail-id')?.[0],
        receivedAt: at,
      }));
      return tally(arrivals, query.get('prefix') ?? '', Number(query.get('count')));
    }
  }
}

/** What the relay says reaches the client so much later: as if the whole round trip took so long. */
function passLate(client: Socket, latencyMs: number): void {
  const relay = connect({ port: sink.port, host: HOST, noDelay: true });
  client.setNoDelay(true);
  const late = (act: () => void): void => void setTimeout(act, latencyMs);
  client.on('data', (bytes) => relay.write(bytes));
  client.on('close', () => relay.destroy());
  relay.on('data', (bytes) => late(() => client.write(bytes)));
  relay.on('close', () => late(() => client.destroy()));
  // Clients that go away are none of the bench's business.
  client.on('error', () => relay.destroy());
  relay.on('error', () => client.destroy());
}

function listen(one: Server): Promise<number> {
  return new Promise((resolve) => {
    // A server that listens on a port has such an address.
    one.listen(0, HOST, () => resolve((one.address() as AddressInfo).port));
  });
}
