// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine, type MailEngine, type Migration } from '@mail-proxy/core';
import { createDatabase, eventually, type SmtpSink, startSmtpSink, type TestDatabase } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import { describe, expect, inject, test } from 'vitest';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { rawStatement } from '../../src/database/raw.ts';

/** Of the code under test: the older version. */
const KNOWN = Math.max(...CORE_MIGRATIONS.migrations.map(({ number }) => number));
const LEASE_MS = 600;

/** What an expanding step may do: a column for every table, and a table. */
const additive: Migration = {
  number: KNOWN + 1,
  name: 'additive',
  minReader: KNOWN,
  up: (schema, t) => [
    ...['tenants', 'accounts', 'messages', 'message_contents', 'message_attachments', 'message_recipients']
      .concat(['message_events', 'report_cursors', 'instance', 'command_log', 'account_pauses', 'storages'])
      .map((table) => schema.alterTable(table).addColumn('made_up', t.integer, (c) => c.notNull().defaultTo(0))),
    schema.createTable('made_up').addColumn('id', t.integer, (c) => c.primaryKey()),
  ],
};

const breaking: Migration = {
  number: KNOWN + 2,
  name: 'breaking',
  minReader: KNOWN + 2,
  up: (schema) => [schema.alterTable('messages').renameColumn('last_error', 'trouble')],
};

/** As a newer version does when it starts. */
async function migrateAsNewer(url: string, ...steps: readonly Migration[]): Promise<void> {
  await using database = await openDatabase<unknown>(url);
  await migrate(database, [{ ...CORE_MIGRATIONS, migrations: [...CORE_MIGRATIONS.migrations, ...steps] }], 1);
}

function openOlder(url: string): Promise<MailEngine> {
  return createMailEngine({
    config: {
      database: url,
      encryptionKey: Buffer.alloc(32, 7).toString('base64'),
      delivery: { ehloName: 'client.test', leaseMs: LEASE_MS },
    },
  });
}

const mail = (id: string) => ({
  id,
  from: 'sender@example.com',
  to: ['one@example.org'],
  subject: id,
  text: 'Some text.\n',
  attachments: [{ filename: 'a.txt', storage_path: `base64:${Buffer.from(id).toString('base64')}` }],
});

async function startOlder({ url }: TestDatabase, { port }: SmtpSink): Promise<MailEngine> {
  const engine = await openOlder(url);
  await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port, tls: 'none' });
  await engine.start();
  return engine;
}

describe.skipIf(inject('pgSkip') !== '')('a rolling upgrade', { timeout: 60_000 }, () => {
  test('an engine goes on delivering while a newer one adds to the schema, and an older one still starts', async () => {
    await using made = await createDatabase(inject('pgUrl') ?? '');
    await using sink = await startSmtpSink();
    await using engine = await startOlder(made, sink);
    const before = Array.from({ length: 100 }, (_, index) => mail(`before-${index}`));
    const during = Array.from({ length: 100 }, (_, index) => mail(`during-${index}`));
    const after = Array.from({ length: 100 }, (_, index) => mail(`after-${index}`));
    await engine.submit(before);
    await sink.waitFor(before.length);
    // Statements of every kind have been prepared by now, and their tables change under them.
    await engine.execute('accounts.list', {});
    await engine.execute('messages.get', { message_id: 'before-0' });
    await Promise.all([migrateAsNewer(made.url, additive), ...during.map((message) => engine.submit([message]))]);
    await engine.submit(after);
    await sink.waitFor(before.length + during.length + after.length);
    await engine.execute('accounts.update', { account_id: 'main', max_connections: 3 });
    expect(await engine.execute('messages.get', { message_id: 'before-0' })).toMatchObject({ result: 'sent' });
    expect(await engine.execute('tenants.get', { tenant_id: 'default' })).toMatchObject({ id: 'default' });
    await using again = await openOlder(made.url);
    await again.start();
    for (const each of [again, engine]) await expect.poll(() => each.ready()).toEqual({ ready: true, reasons: [] });
    expect(sink.messages).toHaveLength(300);
  });

  test('an engine that cannot read the newer schema stops by itself, and does not start again', async () => {
    await using made = await createDatabase(inject('pgUrl') ?? '');
    await using sink = await startSmtpSink();
    await using engine = await startOlder(made, sink);
    await engine.execute('instance.pause', {});
    await engine.submit([mail('waiting')]);
    await migrateAsNewer(made.url, additive, breaking);
    await eventually(async () => !(await engine.ready()).ready);
    expect((await engine.ready()).reasons).toContain('a newer version migrated the database');
    await expect(engine.submit([mail('late')])).rejects.toMatchObject({ code: 'stopping' });
    await expect(engine.execute('instance.resume', {})).rejects.toMatchObject({ code: 'stopping' });
    await engine.stop();
    await using database = await openDatabase<unknown>(made.url);
    // With its session ended, nothing that it writes counts any more.
    const open = sql`select number from sessions where ended_at is null`;
    expect(await database.read(rawStatement(database, open))).toEqual([]);
    const waiting = sql`select state from messages`;
    expect(await database.read(rawStatement(database, waiting))).toEqual([{ state: 'ready' }]);
    expect(sink.messages).toEqual([]);
    await expect(openOlder(made.url)).rejects.toMatchObject({ code: 'schema_too_new' });
  });
});
