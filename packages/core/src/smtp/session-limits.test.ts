// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { aTransaction, openTestSession, relayAt, serve, startPeer } from './scripted-peer.case.ts';

test.each([
  [
    'LIMITS RCPTMAX=10 MAILMAX=3 RCPTDOMAINMAX=1',
    { maxRecipients: 10, statedMaxRecipients: 10, maxTransactions: 3, maxRecipientDomains: 1 },
  ],
  [
    'LIMITS RCPTMAX=5000',
    { maxRecipients: 100, statedMaxRecipients: 5_000, maxTransactions: null, maxRecipientDomains: null },
  ],
  ['SIZE', { maxRecipients: 100, statedMaxRecipients: null, maxTransactions: null, maxRecipientDomains: null }],
])('a session knows the limits of its relay (%s)', async (extension, wanted) => {
  await using peer = await startPeer((connection) => serve(connection, { extensions: [extension] }));
  using session = await openTestSession(relayAt(peer.port));
  const { maxRecipients, statedMaxRecipients, maxTransactions, maxRecipientDomains } = session;
  expect({ maxRecipients, statedMaxRecipients, maxTransactions, maxRecipientDomains }).toEqual(wanted);
});

test('limits announced in clear are void under TLS', async () => {
  let hellos = 0;
  const answers = {
    EHLO: () => {
      hellos += 1;
      return hellos === 1 ? '250-relay\r\n250-STARTTLS\r\n250 LIMITS RCPTMAX=1' : '250 relay';
    },
  };
  await using peer = await startPeer((connection) => serve(connection, { answers }));
  using session = await openTestSession(relayAt(peer.port, { tls: 'starttls' }));
  expect(session.maxRecipients).toBe(100);
});

test.each([
  ['250 ok', true],
  ['500 5.5.1 what?', true],
  ['421 4.4.2 bye', false],
  ['close', false],
  ['', false],
])('a check is answered with "%s": %s', async (answer, isAlive) => {
  await using peer = await startPeer((connection) => serve(connection, { answers: { NOOP: () => answer } }));
  using session = await openTestSession(relayAt(peer.port));
  expect(await session.check(answer === '' ? 20 : 10_000)).toBe(isAlive);
  expect(session.usable).toBe(isAlive);
  if (isAlive) expect(await session.send(aTransaction())).toMatchObject([{ status: 'accepted' }]);
});

test('a session that is sending or has ended is not checked', async () => {
  await using peer = await startPeer((connection) => serve(connection));
  using session = await openTestSession(relayAt(peer.port));
  const sending = session.send(aTransaction());
  expect(await session.check(10_000)).toBe(false);
  expect(await sending).toMatchObject([{ status: 'accepted' }]);
  await session.quit();
  expect(await session.check(10_000)).toBe(false);
  expect(peer.connections[0]?.commands).not.toContain('NOOP');
});
