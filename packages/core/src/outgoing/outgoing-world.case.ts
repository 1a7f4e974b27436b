// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '../clock.ts';
import { createOutgoingHttp } from './outgoing-http.ts';
import type { OutgoingHttp, OutgoingPolicy, ResolvedAddress } from './outgoing-http.types.ts';

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** Connections that were opened so far. */
  readonly connections: () => number;
}

/** Serve HTTP on a port of loopback. */
export async function startHttp(listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener);
  return serve(server, () => server.closeAllConnections());
}

/** Send these bytes once a request begins, whatever it is. */
export async function startRaw(answer: (socket: Socket) => void): Promise<TestServer> {
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    open.add(socket);
    // Who refuses an answer cuts the connection.
    socket.on('error', () => undefined).once('data', () => answer(socket));
  });
  return serve(server, () => {
    for (const socket of open) socket.destroy();
  });
}

/** Listen on a port of loopback until it is disposed of. */
export async function serve(server: Server, cutAll: () => void): Promise<TestServer> {
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has this form of address.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}

/** All of a request, for comparing. */
export async function received(request: IncomingMessage) {
  const body = await buffer(request);
  return { method: request.method, path: request.url, headers: request.headers, body: body.toString() };
}

export interface NamedHttp {
  readonly http: OutgoingHttp;
  /** The names that were resolved, in order. */
  readonly asked: readonly string[];
  [Symbol.asyncDispose](): PromiseLike<void>;
}

/** A client to which every name resolves to what `lookup` says; by default that is this machine. */
export function openHttp(
  policy: OutgoingPolicy = { allowPrivateNetworks: true },
  lookup: (host: string, nth: number) => string | readonly string[] = () => '127.0.0.1',
): NamedHttp {
  const asked: string[] = [];
  const http = createOutgoingHttp({
    clock: systemClock,
    policy,
    lookup: async (host) => {
      asked.push(host);
      return [lookup(host, asked.length)]
        .flat()
        .map((address): ResolvedAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
    },
  });
  return { http, asked, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}

/** Enough for any answer here; the limits have tests of their own. */
export const LIMITS = { maxBytes: 100_000, timeoutMs: 10_000 } as const;
