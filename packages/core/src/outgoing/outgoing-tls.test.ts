// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createServer } from 'node:https';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { createTestAuthority, createTestCertificate } from '@mail-proxy/testkit';
import { beforeAll, expect, test } from 'vitest';
import { LIMITS, openHttp, serve, startHttp } from './outgoing-world.case.ts';

const authority = createTestAuthority();

// Of this worker only: the client has no way to trust more than the machine does.
beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), authority.cert]));

async function startHttps(location?: string) {
  const certificate = createTestCertificate({ names: ['app.example'], issuer: authority });
  const server = createServer(certificate, ({ socket }, response) => {
    if (location !== undefined) response.writeHead(302, { location }).end();
    // A server of https has no other sockets.
    else response.end(String((socket as TLSSocket).servername));
  });
  return serve(server, () => server.closeAllConnections());
}

test('the certificate has to be that of the name, not of the address that it resolved to', async () => {
  await using server = await startHttps();
  await using client = openHttp();
  const { body } = await client.http.fetchAll({ ...LIMITS, url: `https://app.example:${server.port}/` });
  expect(Buffer.from(body).toString()).toBe('app.example');
  for (const host of ['other.example', '127.0.0.1']) {
    const call = client.http.fetchAll({ ...LIMITS, url: `https://${host}:${server.port}/` });
    await expect(call).rejects.toMatchObject({
      message: 'TLS failed: ERR_TLS_CERT_ALTNAME_INVALID',
      extra: { kind: 'tls', temporary: true },
    });
  }
});

test('a redirect from https to http is refused', async () => {
  await using plain = await startHttp((_, response) => response.end());
  await using server = await startHttps(`http://app.example:${plain.port}/`);
  await using client = openHttp();
  const call = client.http.fetchAll({ ...LIMITS, maxRedirects: 3, url: `https://app.example:${server.port}/` });
  await expect(call).rejects.toMatchObject({
    message: 'a redirect leads from https to http',
    extra: { kind: 'redirects', temporary: false },
  });
  expect(plain.connections()).toBe(0);
});
