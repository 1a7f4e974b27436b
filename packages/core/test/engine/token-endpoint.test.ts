// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startScriptedPeer } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, eventsUntil, mail, messageOf, openWorld, serveMail } from './engine-world.case.ts';

/** A token endpoint; `answer` is given the number of the request, from 1. */
async function startEndpoint(answer: (response: ServerResponse, request: number) => void) {
  const askedAt: number[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      askedAt.push(performance.now());
      answer(response, askedAt.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has this form of address.
  const { port } = server.address() as AddressInfo;
  return {
    askedAt,
    oauth: { token_url: `http://127.0.0.1:${port}/token`, client_id: 'id', client_secret: 'secret' },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('429 at the token endpoint: forty messages wait together, uncounted, and it is asked once more when it said', async () => {
  await using endpoint = await startEndpoint((response, request) => {
    if (request === 1) response.writeHead(429, { 'retry-after': '1' }).end('{"error":"slow_down"}');
    else response.end('{"access_token":"token","expires_in":3600}');
  });
  let connectionsBefore = 0;
  await using relay = await startScriptedPeer((client) => {
    if (endpoint.askedAt.length < 2) connectionsBefore += 1;
    return serveMail(client, { extensions: ['AUTH XOAUTH2'] });
  });
  // A pause of the account's own would last longer than this test.
  await using world = await openWorld({ delivery: { accountPauseMs: 600_000, accountPauseMaxMs: 600_000 } });
  await addAccount(world, relay, { user: 'someone', auth_method: 'xoauth2', oauth: endpoint.oauth });
  const ids = Array.from({ length: 40 }, (_, index) => `m${index}`);
  await world.engine.submit(ids.map((id) => mail(id)));
  const events = await eventsUntil(world, (_, all) => all.filter(({ event }) => event === 'sent').length === 40);

  expect(events.map(({ event }) => event).toSorted()).toEqual([
    'account_paused',
    'account_resumed',
    ...ids.map(() => 'sent'),
  ]);
  expect(events[0]).toMatchObject({ reason: expect.stringMatching(/^auth: .*token endpoint: 429 slow_down$/) });
  expect(new Set(events.filter(({ id }) => id !== null).map(({ attempt }) => attempt))).toEqual(new Set([1]));
  expect(await messageOf(world, 'm39')).toMatchObject({ attempts: 1, history: [{ type: 'sent' }] });
  const [first = 0, second = 0, ...others] = endpoint.askedAt;
  expect(others).toEqual([]);
  // The clock and the pause count whole milliseconds.
  expect(second - first).toBeGreaterThanOrEqual(999);
  expect(connectionsBefore).toBe(0);
});
