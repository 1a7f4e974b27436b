// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import {
  addKeyToFile,
  createMailEngine,
  defineMixin,
  exportDatabase,
  importDatabase,
  keyIdOf,
  type MailEngine,
  newKey,
} from '@mail-proxy/core';
import { startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { rawStatement } from '../../src/database/raw.ts';
import type { MakeDatabase } from './rotation.case.ts';
import { rotated, statusOf } from './secrets-world.case.ts';

const URL_OF_FILE = 'https://files.example/canary-of-a-link';
const WAIT_MS = 40_000;

/** Puts a link in the place of every file. */
const links = defineMixin({
  id: 'links',
  contract: 1,
  setup: () => ({
    hooks: {
      needsPreparing: () => true,
      preparing: async (_, files) => ({ detach: files.map(({ position }) => ({ position, data: URL_OF_FILE })) }),
      composing: (content) => ({ ...content, text: content.detached.map(({ data }) => String(data)).join('\n') }),
    },
  }),
});

async function open(database: string, keyFile: string): Promise<MailEngine> {
  const engine = await createMailEngine({
    // Tried again by hand.
    config: { database, encryptionKeyFile: keyFile, contentEncryption: true, retry: { baseMs: 3_600_000 } },
    mixins: [links],
  });
  await engine.start();
  return engine;
}

async function detachedOf(url: string): Promise<readonly (string | null)[]> {
  await using database = await openDatabase<unknown>(url);
  const rows = sql<{ detached: string | null }>`select detached from message_attachments`;
  return (await database.read(rawStatement(database, rows))).map(({ detached }) => detached);
}

export function detachedCases(make: MakeDatabase): void {
  test('what is kept of a file that was taken out of its message is sealed, rotated and moved as what messages say', async () => {
    await using made = await make();
    using dir = tempDir();
    const keyFile = dir.file('key');
    const next = newKey();
    await using sink = await startSmtpSink({
      onMessage: (_, attempt) => (attempt === 1 ? { code: 451, text: 'try again' } : null),
    });
    {
      await using engine = await open(made.url, keyFile);
      await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none' });
      const attachments = [{ filename: 'film.mp4', content: Buffer.from('a film') }];
      await engine.submit([{ id: 'm1', from: 'a@example.com', to: 'b@example.org', subject: 's', attachments }]);
      for await (const { event } of engine.events({ tenantId: 'default', signal: AbortSignal.timeout(WAIT_MS) })) {
        if (event === 'deferred') break;
      }
      expect(await engine.execute('messages.get', { message_id: 'm1' })).toMatchObject({
        attachments: [{ filename: 'film.mp4', fetched: true, size: 6, detached_by: 'links' }],
      });
      await addKeyToFile(keyFile, next, 'first');
      await engine.execute('keys.rotate', {});
      expect(await rotated(engine)).toMatchObject({ state: 'done', unreadable: 0 });
      expect((await statusOf(engine)).columns).toContainEqual(
        expect.objectContaining({ column: 'message_attachments.detached', key: keyIdOf(next), values: 1 }),
      );
    }
    expect(await detachedOf(made.url)).toEqual([expect.stringMatching(`^sealed:v1:${keyIdOf(next)}:`)]);
    const config = { database: made.url, encryptionKeyFile: keyFile };
    await exportDatabase({ config, folder: dir.file('archive') });
    expect(readFileSync(dir.file('archive', 'message_attachments.jsonl'), 'utf8')).not.toContain('canary');
    const target = dir.file('imported.db');
    await importDatabase({ config: { database: target, encryptionKeyFile: keyFile }, folder: dir.file('archive') });
    await using engine = await open(target, keyFile);
    await engine.execute('messages.retry', { message_id: 'm1' });
    const [message] = await sink.waitFor(1);
    const { attachments, text } = await PostalMime.parse(message?.raw ?? '');
    expect([attachments, text?.trim()]).toEqual([[], URL_OF_FILE]);
  });
}
