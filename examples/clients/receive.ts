// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// An endpoint for reports: node receive.ts PORT, with the signing secret in WEBHOOK_SECRET
import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { isSigned } from '../receiver/verify-webhook.ts';

const secret = process.env['WEBHOOK_SECRET'] ?? '';
// Yours belong into the database, in one transaction with what an event changes there.
const handled = new Set<string>();

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) => {
    const value = request.headers[`webhook-${name}`];
    return typeof value === 'string' ? value : undefined;
  });
  if (!isSigned([secret], { id, timestamp, signature }, { body, now: Date.now() / 1_000 })) {
    response.writeHead(401).end();
    return;
  }
  for (const event of JSON.parse(body.toString()).delivery_report) {
    // The same event may come twice: an answer may be lost.
    if (handled.has(event.event_id)) continue;
    handled.add(event.event_id);
    console.log(`${event.id}: ${event.event}`);
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok": true}');
});
server.listen(Number(process.argv[2]), '127.0.0.1', () =>
  console.error('listening on http://127.0.0.1:%d', portOf(server)),
);

function portOf(listening: Server): number {
  const address = listening.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
