// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine, defineMixin, type MailEngine } from '@mail-proxy/core';
import { createDatabase, eventually, startSmtpSink, type TestDatabase } from '@mail-proxy/testkit';
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { historyUntil, mail } from '../engine/engine-world.case.ts';
import { query, serverUrl } from './proxied-store.case.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const EPOCH = '2030-01-31T00:00:00.000Z';

describe.skipIf(inject('pgSkip') !== '')('a pool of the embedder', () => {
  test('serves the engine, keeps its own parsers, and stays open', async () => {
    await using world = await createWorld();
    {
      await using engine = await openEngine(world.pool, 'mail');
      await deliverOne(engine, 'm1');
      // As it comes by default: text.
      const { rows } = await world.pool.query(
        'select accepted.n::int8 as n from (select count(*) as n from mail.messages) accepted',
      );
      expect(rows).toEqual([{ n: '1' }]);
    }
    expect((await world.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('that takes one query at a time serves it too, and so does one that pipelines', async () => {
    for (const pipeline of [false, true]) {
      await using world = await createWorld({ pipeline, max: 2 });
      await using engine = await openEngine(world.pool, 'mail');
      await deliverOne(engine, 'm1');
    }
  });

  test('of which nothing is left makes the engine wait for a while and say so, and serves it again', async () => {
    await using world = await createWorld({ max: 1 });
    await using engine = await openEngine(world.pool, 'mail', { connectMs: 300 });
    await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' });
    const client = await world.pool.connect();
    await expect(engine.submit([mail('m1')])).rejects.toMatchObject({ code: 'database_unavailable' });
    client.release();
    expect(await engine.submit([mail('m1')])).toMatchObject({ accepted: 1 });
  });

  test('whose connections are cut goes on with others', async () => {
    await using world = await createWorld();
    await using engine = await openEngine(world.pool, 'mail');
    await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' });
    await query(
      world.made.url,
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    expect(await engine.submit([mail('m1')])).toMatchObject({ accepted: 1 });
  });
});

describe.skipIf(inject('pgSkip') !== '')('a schema', () => {
  test('holds every table of the engine, and nothing else is made or read', async () => {
    await using world = await createWorld();
    await using engine = await openEngine(world.pool, 'mail');
    await deliverOne(engine, 'm1');
    const schemas = await query(
      world.made.url,
      `select distinct table_schema as schema from information_schema.tables
      where table_schema not in ('pg_catalog', 'information_schema')`,
    );
    expect(schemas).toEqual([{ schema: 'mail' }]);
  });

  test('knows nothing of another in the same database, on the same connections', async () => {
    await using world = await createWorld();
    await using one = await openEngine(world.pool, 'mail_one');
    await using other = await openEngine(world.pool, 'mail_other');
    await deliverOne(one, 'm1');
    expect(await other.execute('messages.list', {})).toMatchObject({ items: [] });
    expect(await other.execute('accounts.list', {})).toMatchObject({ items: [] });
    await deliverOne(other, 'm1');
  });

  test('is made by whoever comes first of many, and needs no right to be made once it is there', async () => {
    await using world = await createWorld();
    const engines = await Promise.all(Array.from({ length: 4 }, () => openEngine(world.pool, 'mail')));
    for (const engine of engines) await engine[Symbol.asyncDispose]();
    const role = `mere_${world.made.name.slice(-12)}`;
    await query(
      world.made.url,
      `create role ${role} login; grant all on schema mail to ${role};
      grant all on all tables in schema mail to ${role}; grant all on all sequences in schema mail to ${role}`,
    );
    try {
      const url = new URL(world.made.url);
      url.username = role;
      await using engine = await openEngine(url.href, 'mail');
      expect(await engine.ready()).toMatchObject({ reasons: ['the engine is not running'] });
    } finally {
      await query(world.made.url, `drop owned by ${role}; drop role ${role}`);
    }
  });

  test('of a name that would have to be quoted in odd ways is refused', async () => {
    await expect(
      createMailEngine({ config: { database: serverUrl(), encryptionKey: KEY, postgres: { schema: 'a"b' } } }),
    ).rejects.toMatchObject({ code: 'invalid_config' });
  });
});

describe.skipIf(inject('pgSkip') !== '')('a message in a transaction of the caller', () => {
  test('goes out after the commit with what the caller wrote, and not before', async () => {
    await using sink = await startSmtpSink();
    await using world = await createWorld();
    await using engine = await openEngine(world.pool, 'mail');
    await engine.start();
    await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none' });
    await query(world.made.url, 'create schema shop; create table shop.orders (id text primary key)');
    await using client = await borrow(world.pool);
    await client.query('begin');
    await client.query(`insert into shop.orders values ('o1')`);
    const joined = await engine.submit([mail('m1')], { transaction: client });
    expect(joined).toMatchObject({ accepted: 1, results: [{ id: 'm1', status: 'accepted' }] });
    // Told too early, it finds nothing.
    joined.committed();
    expect(await engine.execute('messages.list', {})).toMatchObject({ items: [] });
    expect(sink.messages).toEqual([]);
    await client.query('commit');
    joined.committed();
    await historyUntil({ engine }, 'm1', 'sent');
    expect(sink.messages).toHaveLength(1);
  });

  test('never existed after a rollback', async () => {
    await using world = await createWorld();
    await using engine = await withAccount(world);
    await using client = await borrow(world.pool);
    await client.query('begin');
    const joined = await engine.submit([mail('m1')], { transaction: client });
    await client.query('rollback');
    joined.committed();
    expect(await engine.execute('messages.list', {})).toMatchObject({ items: [] });
    expect(await engine.submit([mail('m1')])).toMatchObject({ accepted: 1 });
  });

  test('keeps its id from others until it ends, and holds up no message of another id', async () => {
    await using world = await createWorld();
    await using engine = await openEngine(world.pool, 'mail', { statementMs: 1_500 });
    await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' });
    await using client = await borrow(world.pool);
    await client.query('begin');
    await engine.submit([mail('held')], { transaction: client });
    // What of a request is stored although it failed, together with that or behind it, is there when it comes again.
    await expect(engine.submit([mail('held'), mail('other')])).rejects.toMatchObject({ code: 'database_unavailable' });
    await eventually(async () =>
      expect(await engine.execute('messages.list', {})).toMatchObject({ items: [{ id: 'other' }] }),
    );
    await client.query('rollback');
    expect(await engine.submit([mail('held')])).toMatchObject({ accepted: 1 });
  });

  test('whose id is taken is refused alone, and the transaction goes on', async () => {
    await using world = await createWorld();
    await using engine = await withAccount(world);
    await engine.submit([mail('taken')]);
    await using client = await borrow(world.pool);
    await client.query('begin');
    await client.query('create schema shop; create table shop.orders as select 1 as id');
    const messages = [mail('m1'), mail('taken'), mail('m1'), mail('m2', { account_id: 'nobody' }), mail('m3')];
    expect(await engine.submit(messages, { transaction: client })).toMatchObject({
      accepted: 2,
      results: [
        { id: 'm1', status: 'accepted' },
        { id: 'taken', code: 'duplicate_id' },
        { id: 'm1', code: 'duplicate_id' },
        { code: 'unknown_account' },
        { id: 'm3', status: 'accepted' },
      ],
    });
    await client.query('commit');
    expect((await client.query('select id from mail.messages order by id')).rows.map(({ id }) => id)).toEqual([
      'm1',
      'm3',
      'taken',
    ]);
    expect((await client.query('select id from shop.orders')).rows).toEqual([{ id: 1 }]);
  });

  test('that a mixin refuses is refused alone, and the transaction goes on', async () => {
    await using world = await createWorld();
    const rules = defineMixin({
      id: 'rules',
      contract: 1,
      setup: () => ({
        hooks: { accepting: ({ id }) => (id === 'm2' ? [{ field: 'id', message: 'expected m1' }] : null) },
      }),
    });
    await using engine = await createMailEngine({
      config: { database: world.pool, encryptionKey: KEY, postgres: { schema: 'mail' } },
      mixins: [rules],
    });
    await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' });
    await using client = await borrow(world.pool);
    await client.query('begin');
    const messages = [mail('m1'), mail('m2')];
    expect(await engine.submit(messages, { transaction: client })).toMatchObject({
      results: [{ status: 'accepted' }, { code: 'invalid_input', problems: [{ pointer: '/messages/1/id' }] }],
    });
    await client.query('commit');
    expect((await client.query('select id from mail.messages')).rows).toEqual([{ id: 'm1' }]);
  });

  test('that is malformed leaves nothing of its request behind, and the transaction goes on', async () => {
    await using world = await createWorld();
    await using engine = await withAccount(world);
    await using client = await borrow(world.pool);
    await client.query('begin');
    const messages = [mail('m1'), mail('m2', { to: ['no address'] })];
    await expect(engine.submit(messages, { transaction: client })).rejects.toMatchObject({ code: 'invalid_input' });
    await engine.submit([mail('m3')], { transaction: client });
    await client.query('commit');
    expect((await client.query('select id from mail.messages')).rows).toEqual([{ id: 'm3' }]);
  });

  test('that the server refuses takes the others of its request with it, and the transaction goes on', async () => {
    await using world = await createWorld();
    await using engine = await withAccount(world);
    await query(
      world.made.url,
      `create function mail.refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger refuse before insert on mail.messages for each row when (new.id = 'bad') execute function mail.refuse()`,
    );
    await using client = await borrow(world.pool);
    await client.query('begin');
    await expect(engine.submit([mail('m1'), mail('bad'), mail('m2')], { transaction: client })).rejects.toThrow('no');
    await engine.submit([mail('m3')], { transaction: client });
    await client.query('commit');
    expect((await client.query('select id from mail.messages')).rows).toEqual([{ id: 'm3' }]);
  });

  test('that is due later is sent when it is due', async () => {
    await using world = await createWorld();
    await using engine = await withAccount(world);
    await using client = await borrow(world.pool);
    await client.query('begin');
    const joined = await engine.submit([mail('m1', { send_at: EPOCH })], { transaction: client });
    await client.query('commit');
    joined.committed();
    expect(await engine.execute('messages.list', {})).toMatchObject({ items: [{ id: 'm1', state: 'deferred' }] });
  });

  test('is refused where no transaction was begun', async () => {
    await using world = await createWorld();
    await using engine = await withAccount(world);
    await using client = await borrow(world.pool);
    await expect(engine.submit([mail('m1')], { transaction: client })).rejects.toThrow('no transaction was begun');
  });

  test('is refused on SQLite', async () => {
    await using world = await createWorld();
    await using engine = await createMailEngine({ config: { database: ':memory:' } });
    await using client = await borrow(world.pool);
    await expect(engine.submit([mail('m1')], { transaction: client })).rejects.toMatchObject({ code: 'unsupported' });
  });
});

interface World extends AsyncDisposable {
  readonly made: TestDatabase;
  readonly pool: pg.Pool;
}

async function createWorld(options: pg.PoolConfig = {}): Promise<World> {
  const made = await createDatabase(serverUrl());
  await query(made.url, 'drop schema public');
  const pool = new pg.Pool({ connectionString: made.url, ...options });
  pool.on('error', () => undefined);
  return {
    made,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await made.drop();
    },
  };
}

function openEngine(database: pg.Pool | string, schema: string, patience: object = {}): Promise<MailEngine> {
  return createMailEngine({ config: { database, encryptionKey: KEY, postgres: { schema, ...patience } } });
}

async function withAccount(world: World): Promise<MailEngine> {
  const engine = await openEngine(world.pool, 'mail');
  await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' });
  return engine;
}

async function deliverOne(engine: MailEngine, id: string): Promise<void> {
  await using sink = await startSmtpSink();
  await engine.start();
  await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none' });
  await engine.submit([mail(id)]);
  await historyUntil({ engine }, id, 'sent');
  await engine.stop({ deadlineMs: 1_000 });
}

async function borrow(pool: pg.Pool): Promise<pg.PoolClient & AsyncDisposable> {
  const client = await pool.connect();
  return Object.assign(client, {
    async [Symbol.asyncDispose]() {
      // Whatever the test left open ends with the connection.
      client.release(true);
    },
  });
}
