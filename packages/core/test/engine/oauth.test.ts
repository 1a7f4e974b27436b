// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Recording, startScriptedPeer, tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, historyUntil, mail, openWorld, serveMail } from './engine-world.case.ts';

/** A token endpoint that gives a new refresh token with each answer, and takes that one only from then on. */
async function startRotatingEndpoint() {
  const asked = new Recording<string>('request for a token');
  let valid = 'refresh0';
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const given = new URLSearchParams(body).get('refresh_token') ?? '';
    asked.add(given);
    if (given !== valid) {
      response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
      return;
    }
    valid = `refresh${asked.items.length}`;
    response.end(JSON.stringify({ access_token: `access${asked.items.length}`, expires_in: 0, refresh_token: valid }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has this form of address.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/token`,
    asked: asked.items,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('a refresh token that the endpoint replaced is used after a restart', async () => {
  await using endpoint = await startRotatingEndpoint();
  await using relay = await startScriptedPeer((client) => serveMail(client, { extensions: ['AUTH XOAUTH2'] }));
  using dir = tempDir();
  const database = dir.file('mail.db');
  {
    await using world = await openWorld({ database });
    await addAccount(world, relay, {
      user: 'someone',
      auth_method: 'xoauth2',
      oauth: { token_url: endpoint.url, client_id: 'id', client_secret: 'secret', refresh_token: 'refresh0' },
    });
    await world.engine.submit([mail('before')]);
    await historyUntil(world, 'before', 'sent');
  }
  await using world = await openWorld({ database });
  await world.engine.submit([mail('after')]);
  await historyUntil(world, 'after', 'sent');
  expect(endpoint.asked).toEqual(['refresh0', 'refresh1']);
});
