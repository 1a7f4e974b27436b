// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import {
  aTransaction,
  GENEROUS_TIMEOUTS,
  openTestSession,
  type PeerConnection,
  relayAt,
  serve,
  startPeer,
} from './scripted-peer.case.ts';

/** Open a session, let the relay do something to it while it is idle, and wait until it is not usable any more. */
async function idleUntilUnusable(act: (connection: PeerConnection) => unknown) {
  await using peer = await startPeer((connection) => serve(connection));
  const ended = Promise.withResolvers<void>();
  let times = 0;
  using session = await openTestSession(relayAt(peer.port), {
    onUnusable: () => {
      times += 1;
      ended.resolve();
    },
  });
  await session.send(aTransaction());
  expect(session.usable).toBe(true);
  act(peer.connections[0]!);
  await ended.promise;
  expect(session.usable).toBe(false);
  const [reply] = await session.send(aTransaction());
  await session.quit();
  session.destroy();
  expect(times).toBe(1);
  return reply;
}

describe('an idle session', () => {
  test.each([
    ['421', (connection: PeerConnection) => connection.say('421 4.4.2 idle for too long'), 'closed'],
    ['421 and a close', (connection: PeerConnection) => connection.socket.end('421 bye\r\n'), 'closed'],
    ['a close', (connection: PeerConnection) => connection.close(), 'closed'],
    ['RST', (connection: PeerConnection) => connection.reset(), 'reset'],
    ['any reply', (connection: PeerConnection) => connection.say('250 hello'), 'protocol'],
    ['a single byte', (connection: PeerConnection) => connection.sayRaw('2'), 'protocol'],
    ['garbage', (connection: PeerConnection) => connection.sayRaw('\xff\xff\r\n'), 'protocol'],
  ])('is unusable at once after %s, and then sends nothing', async (_, act, kind) => {
    expect(await idleUntilUnusable(act)).toMatchObject({
      status: 'broken',
      doubt: false,
      fault: { kind, stage: 'mail' },
    });
  });
});

describe('QUIT', () => {
  test('is said, answered, and the connection closed', async () => {
    await using peer = await startPeer((connection) => serve(connection));
    using session = await openTestSession(relayAt(peer.port));
    const quitting = session.quit();
    expect(session.usable).toBe(false);
    await quitting;
    await peer.connections[0]?.gone();
    expect(peer.connections[0]?.commands.at(-1)).toBe('QUIT');
  });

  test('never answered takes no longer than quitMs and harms nothing', async () => {
    await using peer = await startPeer((connection) => serve(connection, { answers: { QUIT: () => '' } }));
    using session = await openTestSession(relayAt(peer.port, { timeouts: { ...GENEROUS_TIMEOUTS, quitMs: 50 } }));
    expect(await session.send(aTransaction())).toMatchObject([{ status: 'accepted' }]);
    await session.quit();
    await peer.connections[0]?.gone();
  });

  test('answered, but the connection left open, takes no longer than quitMs', async () => {
    await using peer = await startPeer(async (connection) => {
      connection.socket.allowHalfOpen = true;
      connection.say('220 hi');
      await connection.line();
      connection.say('250 relay');
      await connection.line();
      connection.say('221 bye');
      await connection.gone();
    });
    using session = await openTestSession(relayAt(peer.port, { timeouts: { ...GENEROUS_TIMEOUTS, quitMs: 100 } }));
    await session.quit();
  });

  test.each(['close', '500 what', 'garbage', '421 bye'])('answered with %s never rejects', async (answer) => {
    await using peer = await startPeer((connection) => serve(connection, { answers: { QUIT: () => answer } }));
    using session = await openTestSession(relayAt(peer.port));
    await expect(session.quit()).resolves.toBeUndefined();
  });

  test('twice is once', async () => {
    await using peer = await startPeer((connection) => serve(connection));
    using session = await openTestSession(relayAt(peer.port));
    await Promise.all([session.quit(), session.quit()]);
    expect(peer.connections[0]?.commands.filter((line) => line === 'QUIT')).toHaveLength(1);
  });

  test('while a transaction runs cuts it', async () => {
    await using peer = await startPeer((connection) => serve(connection, { answers: { DOT: () => '' } }));
    using session = await openTestSession(relayAt(peer.port));
    const sending = session.send(aTransaction());
    await session.quit();
    expect(await sending).toMatchObject([{ status: 'broken', fault: { kind: 'aborted' } }]);
  });
});
