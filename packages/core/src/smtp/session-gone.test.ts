// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { CHUNK_BYTES } from './dot-stuffing.ts';
import { aTransaction, brief, openTestSession, relayAt, serve, startPeer } from './scripted-peer.case.ts';

/** A chunk of a message, and the end of one. */
const LINES = Buffer.from(`${'x'.repeat(62)}\r\n`.repeat(CHUNK_BYTES / 64));

/** Long enough for what the kernel takes at once. */
const PATIENCE_MS = 400;

test('who sends a message is told when its bytes are read by nobody any more', async () => {
  await using peer = await startPeer((connection) => serve(connection));
  using session = await openTestSession(relayAt(peer.port));
  const onGone = vi.fn();
  const replies = await session.send(aTransaction(), undefined, { onGone });
  expect([brief(replies), onGone.mock.calls]).toEqual([['accepted 250'], [[]]]);
});

test.each([
  ['refused', '554 5.7.1 no'],
  ['in doubt', 'close'],
])('and not of one that is %s', async (_, answer) => {
  await using peer = await startPeer((connection) => serve(connection, { answers: { DOT: () => answer } }));
  using session = await openTestSession(relayAt(peer.port));
  const onGone = vi.fn();
  await session.send(aTransaction(), undefined, { onGone });
  expect(onGone).not.toHaveBeenCalled();
});

/** Whether a relay that reads nothing of the message can take it before its end, and whether its bytes were gone then. */
async function takenEarly(chunks: number): Promise<'no' | 'gone' | 'still read'> {
  await using peer = await startPeer((connection) => {
    const DATA = (): string => {
      connection.socket.pause();
      return '354 go ahead';
    };
    return serve(connection, { answers: { DATA } });
  });
  using session = await openTestSession(relayAt(peer.port));
  const atDot = Promise.withResolvers<boolean>();
  const onGone = vi.fn();
  const sending = session.send(aTransaction({ body: Buffer.concat(Array(chunks).fill(LINES)) }), undefined, {
    onFinalDot() {
      atDot.resolve(true);
      return false;
    },
    onGone,
  });
  const isAtDot = await Promise.race([atDot.promise, sleep(PATIENCE_MS, false)]);
  if (!isAtDot) {
    session.destroy();
    await sending;
    return 'no';
  }
  peer.connections[0]?.say('250 2.0.0 that will do');
  expect(brief(await sending)).toEqual(['accepted 250']);
  return onGone.mock.calls.length > 0 ? 'gone' : 'still read';
}

test('nor of one that the relay took while a part of it had not left', async () => {
  let most = 1;
  let tooMany = 2;
  while ((await takenEarly(tooMany)) !== 'no') [most, tooMany] = [tooMany, 2 * tooMany];
  while (tooMany - most > 1) {
    const middle = (most + tooMany) >> 1;
    if ((await takenEarly(middle)) === 'no') tooMany = middle;
    else most = middle;
  }
  // The last chunk follows the one before at once, and the kernel takes a part of it.
  const ends = await Promise.all([most - 1, most, tooMany].map(takenEarly));
  expect(ends).toContain('still read');
  expect(await takenEarly(1)).toBe('gone');
});
