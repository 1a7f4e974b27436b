// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startScriptedPeer } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { openDatabase } from '../open.ts';

/** A message of PostgreSQL's protocol: its type, the length with itself, its content. */
function message(type: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + content.length);
  return Buffer.concat([Buffer.from(type), length, content]);
}

const AUTHENTICATED = message('R', Buffer.alloc(4));
const READY = message('Z', Buffer.from('I'));
const TERMINATED = message('E', Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0'));

test('a connection that the server ends in the same breath as it is ready ends no process', async () => {
  await using server = await startScriptedPeer(async (client) => {
    await client.read((await client.read(4)).readInt32BE() - 4);
    await client.send(Buffer.concat([AUTHENTICATED, READY, TERMINATED]));
  });
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on('uncaughtExceptionMonitor', note);
  try {
    const opening = openDatabase(`postgres://somebody@127.0.0.1:${server.port}/mail`);
    await expect(opening).rejects.toMatchObject({ code: 'database_unavailable' });
  } finally {
    process.off('uncaughtExceptionMonitor', note);
  }
  expect(uncaught).toEqual([]);
});
