// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { addKeyToFile, createKeyFile, keyIdOf, newKey } from '@mail-proxy/core';
import { createDatabase, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { openSecretsEngine, rotated, statusOf } from './secrets-world.case.ts';

/** Two instances of one database, each with a key file of its own. */
async function twoInstances() {
  const made = await createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));
  const dir = tempDir();
  const key = newKey();
  const files = [dir.file('berlin.key'), dir.file('madrid.key')] as const;
  for (const file of files) await createKeyFile(file, [key]);
  const open = (keyFile: string, instanceName: string) =>
    openSecretsEngine({ database: made.url, keyFile, instanceName });
  return {
    key,
    files,
    berlin: await open(files[0], 'berlin'),
    madrid: await open(files[1], 'madrid'),
    async [Symbol.asyncDispose]() {
      await this.berlin[Symbol.asyncDispose]();
      await this.madrid[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
      await made[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(inject('pgSkip') !== '')('encryption keys of several instances', { timeout: 60_000 }, () => {
  test('keys are rotated only once every instance seals with the new one, and those that can read it anew do', async () => {
    await using world = await twoInstances();
    const { berlin, madrid, files, key } = world;
    await Promise.all([berlin.start(), madrid.start()]);
    await berlin.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, user: 'u', password: 'p' });
    const next = newKey();
    await addKeyToFile(files[0], next, 'first');
    await expect(berlin.execute('keys.rotate', {})).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`madrid (session`),
    });
    const status = await statusOf(berlin);
    expect(status).toMatchObject({ sealing: keyIdOf(next) });
    expect(status.columns).toEqual([expect.objectContaining({ key: keyIdOf(key), values: 1 })]);
    // Nobody restarts madrid: it hears that there are new keys.
    await addKeyToFile(files[1], next, 'first');
    await berlin.execute('keys.rotate', {});
    expect(await rotated(berlin)).toMatchObject({ state: 'done', done: 1 });
    expect((await statusOf(madrid)).sealing).toBe(keyIdOf(next));
  });

  test('mail whose secrets another instance sealed with a new key waits for it, uncounted, and no account is paused', async () => {
    await using sink = await startSmtpSink({ users: { user: 'the password' } });
    await using world = await twoInstances();
    const { berlin, madrid, files } = world;
    const next = newKey();
    await addKeyToFile(files[0], next, 'first');
    // It seals with the new key, and sends nothing.
    await berlin.execute('keys.rotate', {});
    await rotated(berlin);
    await berlin.execute('accounts.create', {
      id: 'main',
      host: '127.0.0.1',
      port: sink.port,
      tls: 'none',
      user: 'user',
      password: 'the password',
    });
    await madrid.start();
    await madrid.submit([{ id: 'one', from: 'a@example.com', to: 'b@example.org', subject: 's', text: 't' }]);
    for await (const { event } of madrid.events()) if (event === 'deferred') break;
    expect(await madrid.execute('messages.get', { message_id: 'one' })).toMatchObject({
      recipients: [expect.objectContaining({ state: 'pending', attempts: 0 })],
      last_error: expect.stringContaining(`was sealed with the key ${keyIdOf(next)}`),
    });
    expect(await madrid.execute('accounts.get', { account_id: 'main' })).toMatchObject({ paused_until: null });
    await addKeyToFile(files[1], next, 'last');
    await sink.waitFor(1);
  });
});
