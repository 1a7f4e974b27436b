// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { connect, createServer, type Socket } from 'node:net';
import { listenOnLoopback } from './loopback.ts';

/**
 * What the proxy does with connections: pass everything on; swallow what either side says, and take new connections
 * all the same; or cut them, new ones at once.
 */
export type TcpProxyMode = 'pass' | 'swallow' | 'cut';

/** Bytes of a client that were stopped on their way, on one connection. Nothing more passes on it by itself. */
export interface Intercepted {
  /** Let them reach the server; what it answers does not reach the client. */
  deliver(): void;
  /** Let them go on as if they had not been stopped, and what follows on their connection. */
  pass(): void;
  /** Resolves when the server has answered what was delivered. */
  readonly answered: Promise<void>;
  /** Cut the client off; the server goes on waiting for it. */
  cutClient(): void;
  /** Cut both sides. */
  cut(): void;
}

/** Stands between a client and a server of a test, and does to their connections what networks do. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** How many connections there were so far. */
  readonly connections: number;
  /** Of those there are and those to come. @defaultValue pass */
  mode: TcpProxyMode;
  /** The address of a server with the proxy in its place. */
  inPlaceOf(url: string): string;
  /** Cut all connections there are. */
  cutAll(): void;
  /** Stop the next bytes of a client that contain `text`, as they were sent. */
  intercept(text: string): Promise<Intercepted>;
  close(): Promise<void>;
}

interface Waiting {
  readonly text: string;
  readonly resolve: (intercepted: Intercepted) => void;
}

/** Start a proxy to a port of 127.0.0.1. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const waiting: Waiting[] = [];
  const clients = new Set<Socket>();
  let mode: TcpProxyMode = 'pass';
  let connections = 0;

  const takeWaiting = (chunk: Buffer): Waiting | undefined => {
    const index = waiting.findIndex(({ text }) => chunk.includes(text));
    return index === -1 ? undefined : waiting.splice(index, 1)[0];
  };

  function serve(client: Socket): void {
    connections += 1;
    if (mode === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(targetPort, '127.0.0.1');
    const answered = Promise.withResolvers<void>();
    let isIntercepted = false;
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    clients.add(client);
    client.once('close', () => {
      clients.delete(client);
      if (!isIntercepted) server.destroy();
    });
    server.once('close', () => client.destroy());
    // Connections that break are what this is for.
    client.on('error', () => undefined);
    server.on('error', () => undefined);
    client.on('data', (chunk) => {
      const wanted = takeWaiting(chunk);
      if (wanted !== undefined) {
        isIntercepted = true;
        const deliver = (): void => void server.write(chunk);
        const cutClient = (): void => void client.destroy();
        const pass = (): void => {
          isIntercepted = false;
          if (mode === 'pass') deliver();
        };
        wanted.resolve({ deliver, pass, answered: answered.promise, cutClient, cut });
      } else if (mode === 'pass' && !isIntercepted) server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (isIntercepted) answered.resolve();
      else if (mode === 'pass') client.write(chunk);
    });
  }

  const loopback = await listenOnLoopback(createServer(serve));
  const cutAll = (): void => {
    for (const client of clients) client.resetAndDestroy();
  };
  return {
    port: loopback.port,
    get connections() {
      return connections;
    },
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
      if (next === 'cut') cutAll();
    },
    inPlaceOf(url) {
      const own = new URL(url);
      own.port = String(loopback.port);
      return own.href;
    },
    cutAll,
    intercept: (text) => new Promise((resolve) => waiting.push({ text, resolve })),
    close: () => loopback.close(),
    [Symbol.asyncDispose]: () => loopback.close(),
  };
}
