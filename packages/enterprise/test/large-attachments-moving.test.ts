// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { exportDatabase, importDatabase } from '@mail-proxy/core';
import { tempDir } from '@mail-proxy/testkit';
import { expect, inject, test } from 'vitest';
import { largeAttachments } from '../src/large-attachments/large-attachments.mixin.ts';
import { openMemoryStores } from '../src/object-storage/memory-stores.case.ts';
import { pec } from '../src/pec/pec.mixin.ts';
import { onSqlite } from './bounce-world.case.ts';
import { attachment, LARGE, linksIn, openLargeWorld, REWRITE } from './large-attachments-world.case.ts';
import { KEY, sharedDatabase } from './mailbox-world.case.ts';

const skip = inject('pgSkip') ?? '';
const HELD = { send_at: '2099-01-31T09:00:00Z' };

test.skipIf(skip !== '')(
  `files and links move from SQLite to PostgreSQL, and nothing is uploaded again${skip === '' ? '' : ` (skipped: ${skip})`}`,
  async () => {
    await using from = await sharedDatabase('sqlite');
    await using to = await sharedDatabase('postgres');
    using dir = tempDir();
    const stores = openMemoryStores();
    const config = { encryptionKey: KEY, contentEncryption: true };
    const attachments = [attachment('a.bin', LARGE)];
    let before: readonly object[] = [];
    {
      await using world = await openLargeWorld(onSqlite, { database: from.database, stores, config });
      await world.configure(REWRITE);
      await world.send('m1', { attachments });
      await world.submit('m2', { attachments, ...HELD });
      before = [...(await world.rows('large_files')), ...(await world.rows('large_links'))];
      expect(before).toHaveLength(2);
    }
    const archive = { mixins: [pec, largeAttachments], folder: dir.file('archive') };
    await exportDatabase({ config: { database: from.database }, ...archive });
    await importDatabase({ config: { database: to.database, encryptionKey: KEY }, ...archive });
    await using world = await openLargeWorld(onSqlite, { database: to.database, stores, config, isAgain: true });
    expect([...(await world.rows('large_files')), ...(await world.rows('large_links'))]).toEqual(before);
    await world.run('messages.reschedule', { tenant_id: 'acme', message_id: 'm2', send_at: '2020-01-31T09:00:00Z' });
    const { event, mail } = await world.ended('m2');
    expect([event, linksIn(mail?.text).length, stores.puts.length]).toEqual(['sent', 1, 1]);
  },
);
