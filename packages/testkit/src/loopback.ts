// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';

/** A server that listens on 127.0.0.1. */
export interface Loopback {
  readonly port: number;
  /** Stop listening and cut every connection, also one whose client never says goodbye. */
  close(): Promise<void>;
}

/** Let `server` listen on a free port of 127.0.0.1 and keep track of its connections. */
export async function listenOnLoopback(server: Server): Promise<Loopback> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let closed: Promise<void> | undefined;
  return {
    port: portOf(server),
    close() {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
      return closed;
    },
  };
}

/** Tell the TCP port a listening server got. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no TCP port');
  return address.port;
}
