// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocketOptions } from 'node:tls';
import { createTestAuthority, createTestCertificate } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { aTransaction, PeerConnection, relayAt, serve, startPeer } from './scripted-peer.case.ts';
import { openSession } from './session.ts';
import { SmtpConnectError, type SmtpRelay } from './session.types.ts';
import { TEST_ONLY_CERTIFICATE, TEST_ONLY_KEY } from './test-certificates.case.ts';

/** What became of an opening and one message, with a relay whose TLS has these settings. */
async function tryTls(tls: TLSSocketOptions, overrides: Partial<SmtpRelay>): Promise<string> {
  const startTls = (_: string, connection: PeerConnection): string => {
    connection.say('220 go');
    connection.secure(undefined, tls);
    return '';
  };
  await using peer = await startPeer((connection) =>
    serve(connection, { extensions: ['STARTTLS'], answers: { STARTTLS: startTls } }),
  );
  return await sendOne(relayAt(peer.port, { tls: 'starttls', ...overrides }));
}

async function sendOne(relay: SmtpRelay): Promise<string> {
  try {
    const session = await openSession(relay, { clock: systemClock });
    const [reply] = await session.send(aTransaction());
    session.destroy();
    return reply?.status ?? 'nothing';
  } catch (error) {
    if (!(error instanceof SmtpConnectError)) throw error;
    return `${error.fault.kind} at ${error.fault.stage}`;
  }
}

describe('the oldest TLS that is spoken', () => {
  test.each([
    ['TLSv1.2', undefined, 'accepted'],
    ['TLSv1.2', 'TLSv1.2', 'accepted'],
    ['TLSv1.2', 'TLSv1.3', 'tls at starttls'],
    ['TLSv1.3', 'TLSv1.3', 'accepted'],
  ] as const)('a relay of %s for one who wants %s: %s', async (offered, wanted, result) => {
    const overrides = wanted === undefined ? {} : { minTlsVersion: wanted };
    expect(await tryTls({ minVersion: offered, maxVersion: offered }, overrides)).toBe(result);
  });

  test('without a CA of its own the certificate is still checked', async () => {
    const { ca: _, ...rest } = relayAt(1);
    expect(_).toBeDefined();
    expect(rest).not.toHaveProperty('ca');
    const startTls = (_line: string, connection: PeerConnection): string => {
      connection.say('220 go');
      connection.secure();
      return '';
    };
    await using peer = await startPeer((connection) =>
      serve(connection, { extensions: ['STARTTLS'], answers: { STARTTLS: startTls } }),
    );
    const relay: SmtpRelay = { ...rest, port: peer.port, tls: 'starttls', minTlsVersion: 'TLSv1.3' };
    await expect(openSession(relay, { clock: systemClock })).rejects.toMatchObject({ fault: { kind: 'tls' } });
  });
});

describe('a client certificate', () => {
  const authority = createTestAuthority();
  const mine = createTestCertificate({ names: ['client.test'], issuer: authority });
  const strangers = createTestCertificate({ names: ['client.test'], issuer: createTestAuthority('Stranger') });

  /** What became of an opening and one message with a relay that wants certificates of the authority. */
  async function tryClient(version: 'TLSv1.2' | 'TLSv1.3', overrides: Partial<SmtpRelay>): Promise<string> {
    const asking = { requestCert: true, rejectUnauthorized: true, ca: authority.cert, maxVersion: version };
    const server = createServer({ key: TEST_ONLY_KEY, cert: TEST_ONLY_CERTIFICATE, ...asking }, (socket) => {
      serve(new PeerConnection(socket)).catch(() => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A server that listens on TCP has this form of address.
    const { port } = server.address() as AddressInfo;
    try {
      return await sendOne(relayAt(port, { tls: 'implicit', ...overrides }));
    } finally {
      server.close();
    }
  }

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('is shown to a relay that asks for it (%s)', async (version) => {
    expect(await tryClient(version, { clientCert: mine })).toBe('accepted');
    expect(await tryClient(version, { clientCert: mine, minTlsVersion: version })).toBe('accepted');
  });

  test.each([
    ['a stranger', strangers],
    ['nobody', null],
  ])('of %s is refused', async (_, clientCert) => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const result = await tryClient(version, clientCert === null ? {} : { clientCert });
      expect(result).toMatch(/^(tls|reset|closed) at (connect|greeting)$/);
    }
  });

  test('whose key is another one, or none, is refused before anything is sent under it', async () => {
    const clientCert = { cert: mine.cert, key: strangers.key };
    expect(await tryClient('TLSv1.3', { clientCert })).toBe('tls at connect');
    expect(await tryClient('TLSv1.3', { clientCert: { cert: mine.cert, key: 'no key' } })).toBe('tls at connect');
  });
});
