// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { createDatabase } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { exactlyOne } from '../../src/database/statement.ts';
import { createProxiedWorld, IMPATIENT, type ProxiedWorld, query, serverUrl } from './proxied-store.case.ts';

describe.skipIf(inject('pgSkip') !== '')('what the server says', () => {
  test.each([
    ['53100', 'storage_full', 1],
    ['53200', 'database_unavailable', 1],
    ['53300', 'database_unavailable', 1],
    ['57P03', 'database_unavailable', 1],
    ['58030', 'database_unavailable', 1],
    ['XX000', 'database_unavailable', 1],
    ['99999', 'database_unavailable', 1],
    // Tried on another connection.
    ['08006', 'database_unavailable', 2],
    ['0A000', 'database_unavailable', 2],
    ['25006', 'database_unavailable', 2],
    ['26000', 'database_unavailable', 2],
    ['57P01', 'database_unavailable', 2],
    // Tried as it is.
    ['40001', 'database_unavailable', 5],
    ['40P01', 'database_unavailable', 5],
    // Once with its group, once alone.
    ['55P03', 'database_unavailable', 2],
    ['57014', 'database_unavailable', 2],
    ['22012', '22012', 2],
    ['23514', '23514', 2],
    ['42501', '42501', 2],
    ['54000', '54000', 2],
  ])('%s comes out as %s after %i tries', async (state, code, tries) => {
    await using world = await createProxiedWorld();
    const raise = await raising(world, state);
    await expect(world.database.write([raise])).rejects.toMatchObject({ code });
    expect(await query(world.url, 'select last_value::int as tries from tries')).toEqual([{ tries }]);
    // Whatever it was, it is over.
    await world.accept();
  });

  test('a neighbour of what fails alone is kept, of what fails the group is not', async () => {
    await using world = await createProxiedWorld();
    const alone = await Promise.allSettled([world.accept(), world.database.write([await raising(world, '22012')])]);
    expect(alone.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await query(world.url, 'drop sequence tries');
    const raise = await raising(world, '53100');
    const all = await Promise.allSettled([world.accept(), world.database.write([raise])]);
    expect(all).toMatchObject([{ reason: { code: 'storage_full' } }, { reason: { code: 'storage_full' } }]);
    expect(await world.messages()).toHaveLength(1);
  });

  test('groups that lock each other out are all written in the end', async () => {
    await using made = await createDatabase(serverUrl());
    await query(made.url, 'create table counters as select id, 0 as n from generate_series(1, 20) id');
    await using one = await openDatabase(made.url);
    await using other = await openDatabase(made.url);
    const rounds = [];
    for (const [database, ids] of [
      [one, Array.from({ length: 20 }, (_, index) => index + 1)],
      [other, Array.from({ length: 20 }, (_, index) => 20 - index)],
    ] as const) {
      const add = database.prepare<{ id: number }>((k, p) => ({
        compile: () => sql`update counters set n = n + 1 where id = ${p.id}`.compile(k),
      }));
      const unit = ids.map((id) => exactlyOne(add.bind({ id }), 'conflict'));
      for (let round = 0; round < 30; round++) rounds.push(async () => void (await database.write(unit)));
    }
    await Promise.all(rounds.map((round) => round()));
    expect(await query(made.url, 'select min(n), max(n) from counters')).toEqual([{ min: 60, max: 60 }]);
  });

  test('a row that somebody keeps locked delays its own unit for a moment, and no other', async () => {
    await using world = await createProxiedWorld({ postgres: IMPATIENT });
    const pk = await world.accept();
    const touch = world.database.prepare<{ pk: string }>((k, p) =>
      k.updateTable('messages').set({ last_error: 'touched' }).where('pk', '=', p.pk),
    );
    const somebody = new pg.Client({ connectionString: world.url });
    await somebody.connect();
    try {
      await somebody.query('begin; select 1 from messages for update');
      const outcomes = await Promise.allSettled([world.database.write([touch.bind({ pk })]), world.accept()]);
      expect(outcomes).toMatchObject([{ reason: { code: 'database_unavailable' } }, { status: 'fulfilled' }]);
    } finally {
      await somebody.end();
    }
  });

  test('a role that may open no more connections is waited for as a database that is away', async () => {
    await using made = await createDatabase(serverUrl());
    const role = `few_${made.name.slice(-12)}`;
    await query(made.url, `create role ${role} login connection limit 1; grant all on schema public to ${role}`);
    try {
      const url = new URL(made.url);
      url.username = role;
      await using database = await openDatabase(url.href);
      const one = database.prepare<object>((k) => ({ compile: () => sql`select 1`.compile(k) }));
      // The one is the writer's.
      await expect(database.read(one.bind({}))).rejects.toMatchObject({ code: 'database_unavailable' });
      await query(made.url, `alter role ${role} connection limit 5`);
      expect(await database.read(one.bind({}))).toHaveLength(1);
    } finally {
      await query(made.url, `drop owned by ${role}; drop role ${role}`);
    }
  });
});

/** A statement at which the server counts a try, and fails with this SQLSTATE. */
async function raising({ database, url }: ProxiedWorld, state: string) {
  await query(
    url,
    `create sequence tries;
    create or replace function fail(state text) returns int language plpgsql as $$
    begin perform nextval('tries'); raise exception using errcode = state; end $$`,
  );
  const fail = database.prepare<{ state: string }>((k, p) => ({
    compile: () => sql`select fail(${p.state})`.compile(k),
  }));
  return fail.bind({ state });
}
