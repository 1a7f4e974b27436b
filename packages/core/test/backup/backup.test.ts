// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { checkBackup, isAsyncIterable, restoreDatabase } from '@mail-proxy/core';
import { createDatabase, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import Sqlite from 'better-sqlite3';
import { describe, expect, inject, test } from 'vitest';
import { createMailEngine } from '../../src/engine/create-mail-engine.ts';
import { backUp, idsIn, idsOf, openOn, submit } from './backup-world.case.ts';

describe('a backup of a running engine', () => {
  test('is the database of one moment, though mail comes in all the while', async () => {
    using dir = tempDir();
    await using engine = await openOn(dir.file('mail.db'), { port: 1 });
    await submit(engine, 'before');
    let isDone = false;
    let last = 0;
    const coming = (async () => {
      for (; !isDone; last++) await submit(engine, `during-${last}`);
    })();
    const atFirst = last;
    const pieces = await engine.execute('instance.backup', {});
    await expect(engine.execute('instance.backup', {})).rejects.toMatchObject({ code: 'conflict' });
    const bytes: Uint8Array[] = [];
    if (isAsyncIterable(pieces)) for await (const piece of pieces) bytes.push(Buffer.from(piece as Uint8Array));
    await submit(engine, 'after');
    isDone = true;
    await coming;
    writeFileSync(dir.file('copy.db'), Buffer.concat(bytes), { mode: 0o600 });

    const facts = await checkBackup(dir.file('copy.db'));
    expect(facts.waiting).toMatchObject({ count: facts.messages, byState: { ready: facts.messages } });
    const ids = await idsOf(engine);
    expect(ids).toContain('after');
    expect(facts.messages).toBeLessThan(ids.length);
    // The first one, and no fewer than were in before the copy was begun with.
    expect(facts.messages).toBeGreaterThan(atFirst);
    expect(readdirSync(dir.path).filter((name) => name.includes('.backup-'))).toEqual([]);
  });

  test('leaves nothing behind when nobody waits for it any more, and another one can be made', async () => {
    using dir = tempDir();
    await using engine = await openOn(dir.file('mail.db'), { port: 1 });
    writeFileSync(dir.file('mail.db.backup-draft-0123456789abcdef'), 'of an engine that was killed');
    writeFileSync(dir.file('mail.db.backup-2030-01-31'), 'one that somebody keeps');
    const pieces = await engine.execute('instance.backup', {});
    if (isAsyncIterable(pieces)) for await (const _ of pieces) break;
    expect(readdirSync(dir.path).filter((name) => name.includes('.backup-'))).toEqual(['mail.db.backup-2030-01-31']);
    await backUp(engine, dir.file('copy.db'));
    expect(await checkBackup(dir.file('copy.db'))).toMatchObject({
      messages: 0,
      waiting: { count: 0, oldestAt: null },
    });
  });

  test('whose line in the command log cannot be written is none, and another one can be made', async () => {
    using dir = tempDir();
    await using engine = await openOn(dir.file('mail.db'), { port: 1 });
    const beside = new Sqlite(dir.file('mail.db'));
    using _ = { [Symbol.dispose]: () => beside.close() };
    beside.exec(`create trigger full before insert on command_log begin select raise(abort, 'no room'); end`);
    await expect(engine.execute('instance.backup', {})).rejects.toThrow();
    beside.exec('drop trigger full');
    expect(readdirSync(dir.path).filter((name) => name.includes('.backup-'))).toEqual([]);
    await backUp(engine, dir.file('copy.db'));
    expect(await checkBackup(dir.file('copy.db'))).toMatchObject({ messages: 0 });
  });

  test('says which databases are backed up otherwise', async () => {
    await using engine = await createMailEngine({ config: { database: ':memory:' } });
    await expect(engine.execute('instance.backup', {})).rejects.toMatchObject({ code: 'unsupported' });
  });

  test.skipIf(inject('pgSkip') !== '')('names pg_dump on PostgreSQL, and pg_restore', async () => {
    await using made = await createDatabase(inject('pgUrl') ?? '');
    const config = { database: made.url, encryptionKey: Buffer.alloc(32, 1).toString('base64') };
    await using engine = await createMailEngine({ config });
    await expect(engine.execute('instance.backup', {})).rejects.toThrow(/pg_dump.*mail-proxy export/);
    using dir = tempDir();
    writeFileSync(dir.file('any'), '');
    await expect(restoreDatabase({ config, file: dir.file('any') })).rejects.toThrow(/pg_restore.*mail-proxy import/);
  });
});

describe('a restored database', () => {
  test('is paused, tells what may be sent again and what the replaced one knows, and keeps that', async () => {
    using dir = tempDir();
    await using sink = await startSmtpSink();
    const database = dir.file('mail.db');
    {
      await using engine = await openOn(database, sink);
      await submit(engine, 'sent-later', 'waits-on');
      await engine.execute('messages.hold', { message_id: 'waits-on' });
      await backUp(engine, dir.file('copy.db'));
      await engine.start();
      await submit(engine, 'only-later');
      await sink.waitFor(2);
      await engine.stop();
    }
    const config = { database };
    await expect(restoreDatabase({ config, file: dir.file('copy.db') })).rejects.toMatchObject({
      code: 'target_not_empty',
    });
    const result = await restoreDatabase({ config, file: dir.file('copy.db'), force: true });
    expect(result).toMatchObject({
      backup: { messages: 2, waiting: { count: 2, byState: { ready: 1, held: 1 } } },
      sinceThen: { finished: 1, acceptedLater: 1 },
      hasMore: false,
      unreadableKeys: [],
    });
    expect(Object.fromEntries(result.items.map(({ id, sinceThen }) => [id, sinceThen]))).toEqual({
      'sent-later': 'sent',
      'waits-on': null,
    });
    expect(statSync(database).mode & 0o777).toBe(0o600);
    expect(await idsIn(result.replaced ?? '')).toEqual(['only-later', 'sent-later', 'waits-on']);

    await using engine = await openOn(database);
    await engine.start();
    expect(await engine.execute('instance.get', {})).toMatchObject({ paused: true, waiting: 2 });
    await engine.execute('messages.cancel', { message_id: 'waits-on' });
    await engine.execute('instance.resume', {});
    // Nobody cancelled it: it is sent again, as was told, and is the same mail for who got it twice.
    await sink.waitFor(3);
    const copies = sink.messages.filter(({ to }) => to.includes('sent-later@example.org'));
    expect(copies.map(({ messageId }) => messageId)).toEqual([copies[0]?.messageId, copies[0]?.messageId]);
    await engine.stop();
  });

  test('gives no number of an event a second time', async () => {
    using dir = tempDir();
    const seqs = async (engine: Awaited<ReturnType<typeof openOn>>) => {
      await engine.execute('messages.cancel', { message_id: 'next' });
      for await (const { seq } of engine.events({ tenantId: 'default' })) return seq;
      return 0;
    };
    const database = dir.file('mail.db');
    {
      await using engine = await openOn(database, { port: 1 });
      await submit(engine, 'next');
      await backUp(engine, dir.file('copy.db'));
      await engine.execute('instance.pause', {});
      await engine.start();
      expect(await seqs(engine)).toBe(1);
    }
    // With the replaced database at hand its numbers are known; elsewhere a gap is left that is wide enough.
    for (const [place, least] of [
      [database, 2],
      [dir.file('elsewhere.db'), 1_000_001],
    ] as const) {
      await restoreDatabase({
        config: { database: place },
        file: dir.file('copy.db'),
        force: true,
        keyFile: dir.file('mail.db.key'),
      });
      await using engine = await openOn(place);
      await engine.start();
      expect(await seqs(engine)).toBe(least);
    }
  });

  test('has the keys that its secrets need, or says which are missing', async () => {
    using dir = tempDir();
    {
      await using engine = await openOn(dir.file('mail.db'), { port: 1 });
      await engine.execute('accounts.update', { account_id: 'main', user: 'u', password: 'secret' });
      await backUp(engine, dir.file('copy.db'));
    }
    const file = dir.file('copy.db');
    const config = { database: dir.file('new.db') };
    await expect(restoreDatabase({ config, file })).rejects.toMatchObject({ code: 'sealed_with_unknown_key' });
    expect(readdirSync(dir.path)).not.toContain('new.db');
    const allowed = await restoreDatabase({ config, file, allowUnreadableSecrets: true });
    expect(allowed.unreadableKeys).toHaveLength(1);
    // Another installation with a key of its own: both are moved aside together.
    await using other = await openOn(dir.file('other.db'));
    await other[Symbol.asyncDispose]();
    const own = { config: { database: dir.file('other.db') }, file, keyFile: dir.file('mail.db.key') };
    const result = await restoreDatabase({ ...own, force: true });
    expect(result.sinceThen).toBeNull();
    expect(readdirSync(dir.path)).toContain(`${result.replaced?.split('/').at(-1)}.key`);
    await using engine = await openOn(dir.file('other.db'));
    expect(await engine.execute('accounts.get', { account_id: 'main' })).toMatchObject({ user: 'u' });
  });

  test('is refused where it is damaged, or of another program, and nothing is touched', async () => {
    using dir = tempDir();
    const database = dir.file('mail.db');
    {
      await using engine = await openOn(database, { port: 1 });
      await submit(engine, 'kept');
    }
    writeFileSync(dir.file('half.db'), 'SQLite format 3\0 and no more');
    await expect(
      restoreDatabase({ config: { database }, file: dir.file('half.db'), force: true }),
    ).rejects.toMatchObject({ code: 'archive_damaged' });
    await expect(
      restoreDatabase({ config: { database }, file: dir.file('none.db'), force: true }),
    ).rejects.toMatchObject({ code: 'not_found' });
    await using engine = await openOn(database);
    await expect(
      restoreDatabase({ config: { database }, file: dir.file('half.db'), force: true }),
    ).rejects.toMatchObject({ code: 'database_locked' });
    expect(await idsOf(engine)).toEqual(['kept']);
    expect(readdirSync(dir.path).filter((name) => name.includes('restor'))).toEqual([]);
  });
});
