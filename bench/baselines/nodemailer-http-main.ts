// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// What one would write in an afternoon: mails over HTTP, a queue in memory, nodemailer's pool. What is in it when it ends
// is lost.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { BenchMail } from '../smoke/mail.ts';
import { openNodemailerPool } from './nodemailer-pool.ts';

const { SINK_HOST = '127.0.0.1', SINK_PORT = '25', CONNECTIONS = '10' } = process.env;

const pool = openNodemailerPool(SINK_HOST, Number(SINK_PORT), Number(CONNECTIONS));

const server = createServer(async (request, response) => {
  if (request.method === 'GET') {
    const { user, system } = process.cpuUsage();
    response.end(JSON.stringify({ cpuMs: (user + system) / 1_000 }));
    return;
  }
  // The bench posts nothing else.
  const { messages } = JSON.parse(await text(request)) as { readonly messages: readonly BenchMail[] };
  for (const mail of messages) pool.send(mail).catch(() => console.error(`${mail.id} failed`));
  response.writeHead(202).end();
});
server.listen(0, '127.0.0.1', () => {
  // A server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo;
  console.log(`listening on http://127.0.0.1:${port}`);
});
