// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { storages } from '../src/storages/storages.mixin.ts';
import { onSqlite } from './bounce-world.case.ts';
import { fileStorage } from './large-attachments-server.case.ts';
import { linksIn, openLargeWorld } from './large-attachments-world.case.ts';

test.each(['stored', 'linked'])(
  'a process that is killed when a file was %s leaves nothing to be uploaded again, and one link',
  async (when) => {
    await using storage = await fileStorage();
    const { database, drop } = await onSqlite();
    try {
      const child = fileURLToPath(new URL('killed-storing-main.ts', import.meta.url));
      const options = ['--conditions=mail-proxy-source', child, database, storage.root, when];
      const [, signal] = await once(spawn(process.execPath, options, { stdio: 'inherit' }), 'exit');
      expect(signal).toBe('SIGKILL');
      const uploads = storage.uploads();
      expect(uploads).toHaveLength(1);
      const settings = { mixin: storages, config: { fileRoots: [storage.root] } };
      await using world = await openLargeWorld(onSqlite, { database, storages: settings, isAgain: true });
      const { event, mail } = await world.ended('m1');
      expect([event, mail?.attachments]).toEqual(['sent', []]);
      expect(storage.uploads()).toEqual(uploads);
      const [link, ...others] = await world.rows('large_links');
      expect(others).toEqual([]);
      expect(linksIn(mail?.text)).toEqual([expect.stringContaining(`/download/${link?.pk.replaceAll('-', '')}-`)]);
      expect(await world.events('m1')).toHaveLength(1);
    } finally {
      await drop();
    }
  },
);
