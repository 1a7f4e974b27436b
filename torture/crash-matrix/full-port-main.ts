// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process behind full-port.ts: it is stopped while its queue is to be full, and passes connections on afterwards.
import { connect, createServer } from 'node:net';

const behind = Number(process.argv[2]);
const server = createServer((client) => {
  const relay = connect(behind, '127.0.0.1');
  client.pipe(relay).pipe(client);
  for (const socket of [client, relay]) {
    socket.on('error', () => undefined);
    socket.on('close', () => {
      client.destroy();
      relay.destroy();
    });
  }
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.(address.port);
});
