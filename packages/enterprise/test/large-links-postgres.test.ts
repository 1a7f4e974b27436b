// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase, eventually } from '@mail-proxy/testkit';
import { expect, inject, test } from 'vitest';
import type { Made } from './bounce-world.case.ts';
import { largeLinks } from './large-links.case.ts';
import { DAY, HOUR, openLinksWorld } from './large-links-world.case.ts';
import { onPostgres } from './made-on-postgres.case.ts';

largeLinks('PostgreSQL', onPostgres, inject('pgSkip'));

test.skipIf(inject('pgSkip'))('a file whose link is written while the clean-up waits for its row is kept', async () => {
  await using made = await createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));
  const make: Made = async () => ({ database: made.url, drop: async () => {} });
  await using world = await openLinksWorld(make, { config: { file_ttl_days: 1 } });
  const kept = await world.link('m1');
  await world.link('m2');
  world.clock.leap(DAY + 2 * HOUR);
  const other = await made.connect();
  try {
    // What an instance writes that makes its link live again.
    const now = world.clock.now();
    await other.query('begin');
    await other.query(
      'update large_files set used_at = $1 where pk = (select file_pk from large_links where pk = $2)',
      [now, kept.id],
    );
    await other.query('update large_links set expires_at = $1 where pk = $2', [now + DAY, kept.id]);
    await eventually(async () => {
      world.clock.tick();
      expect(await other.query('select 1 from pg_locks where not granted')).not.toEqual([]);
    });
    await other.query('commit');
  } finally {
    await other.end();
  }
  // It was looked at first.
  await world.until(async () => expect(await world.files()).toHaveLength(1));
  expect(await world.files()).toMatchObject([{ state: 'stored', content_hash: expect.any(String) }]);
  expect((await world.show(kept.id)).state).toBe('live');
  expect(world.stores.objects.size).toBe(1);
});
