// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { HttpClient } from './http-client.ts';

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has such an address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('answers with and without a length come whole', async () => {
  using client = new HttpClient(
    await serve(async (request, response) => {
      const { parts } = JSON.parse(await text(request)) as { readonly parts: readonly string[] };
      if (parts.length === 1) {
        response.end(JSON.stringify(parts[0]));
        return;
      }
      for (const part of parts) response.write(part);
      response.end();
    }),
  );
  expect(await client.post('/', { parts: ['Zoë'] })).toBe('Zoë');
  expect(await client.post('/', { parts: ['"Zo', 'ë', `${'x'.repeat(100_000)}"`] })).toBe(`Zoë${'x'.repeat(100_000)}`);
});

it('calls at the same time have a connection each, calls in turn share one', async () => {
  const ports = new Set<number | undefined>();
  const url = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.end('null');
  });
  using client = new HttpClient(url);
  for (let call = 0; call < 5; call++) await client.post('/');
  expect(ports.size).toBe(1);
  await Promise.all(Array.from({ length: 5 }, () => client.post('/')));
  expect(ports.size).toBe(5);
});

it('a refusal and a server that goes away are errors', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/gone') response.destroy();
    else response.writeHead(422).end('no');
  });
  using client = new HttpClient(url);
  await expect(client.post('/refused')).rejects.toThrow('POST /refused was answered 422: no');
  await expect(client.post('/gone')).rejects.toThrow('closed the connection');
});
