// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { exportDatabase, importDatabase } from '@mail-proxy/core';
import { tempDir } from '@mail-proxy/testkit';
import { expect, inject, test } from 'vitest';
import { mixins } from '../src/index.ts';
import { KEY, sharedDatabase } from './mailbox-world.case.ts';
import { ANNA, openPecWorld, provider, SENDER } from './pec-world.case.ts';

const skip = inject('pgSkip') ?? '';

test.skipIf(skip !== '')(
  `receipts and what is awaited move from SQLite to PostgreSQL${skip === '' ? '' : ` (skipped: ${skip})`}`,
  async () => {
    await using from = await sharedDatabase('sqlite');
    await using to = await sharedDatabase('postgres');
    using dir = tempDir();
    const config = { encryptionKey: KEY, contentEncryption: true };
    const about = { sender: SENDER, recipients: [ANNA], reference: '' };
    let id = '';
    let mail: Buffer = Buffer.of();
    {
      await using world = await openPecWorld(undefined, { database: from.database, config });
      about.reference = (await world.send('m1')).messageId ?? '';
      mail = provider.receipt({ type: 'accettazione', ...about });
      id = (await world.post(mail)).receipt?.id ?? '';
    }
    const archive = { mixins, folder: dir.file('archive') };
    await exportDatabase({ config: { database: from.database }, ...archive });
    await importDatabase({ config: { database: to.database, encryptionKey: KEY }, ...archive });
    await using world = await openPecWorld(undefined, { database: to.database, config, isAgain: true });
    expect((await world.download(id)).equals(mail)).toBe(true);
    expect((await world.status('m1')).recipients).toMatchObject([{ state: 'accepted', awaits: 'delivery_notice' }]);
    expect(await world.post(mail)).toMatchObject({ repeated: true, events: [] });
    const delivery = provider.receipt({ type: 'avvenuta-consegna', recipient: ANNA, ...about });
    expect(await world.post(delivery)).toMatchObject({ events: [{ type: 'pec_delivery', is_new: true }] });
  },
);
