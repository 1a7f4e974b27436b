// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createSecretKey } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createMailEngine, importGenro } from '@mail-proxy/core';
import { startReportReceiver, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { openGenroSource } from '../../src/genro/source.ts';
import { dumpPostgres, dumpSqlite } from '../transfer/dump.case.ts';
import { GENRO_DATABASES, payloadOf } from './genro-source.case.ts';
import {
  configOf,
  fill,
  HOUR,
  importFrom,
  isoOf,
  listOf,
  NOW,
  openEngine,
  sourceKey,
  TENANT_KEY,
  targetOf,
  USERS,
} from './genro-world.case.ts';

describe.each(GENRO_DATABASES)('a database of genro-mail-proxy on %s', (kind, open, skip) => {
  describe.skipIf(skip !== '').each(['0.7', '0.6'] as const)('of version %s', (version) => {
    test('comes along: what waits is sent once, what was not told is told, and secrets open', async () => {
      await using sink = await startSmtpSink({ users: USERS });
      await using receiver = await startReportReceiver();
      await using source = await open(version);
      await using target = await targetOf(kind);
      await fill(source, { smtpPort: sink.port, reportUrl: receiver.url }, version === '0.7');
      const before = await source.dump();
      const config = { ...configOf(target.database), attachments: { roots: ['/srv/files'] } };
      const result = await importFrom(source, target.database, { config });

      expect(result.source).toEqual({ kind: kind === 'SQLite' ? 'sqlite' : 'postgres', schema: version });
      expect(result.counts).toMatchObject({
        tenants: { taken: 3, already_here: 0, not_taken: 0 },
        api_keys: { taken: 1, not_taken: 0 },
        accounts: { taken: 3, not_taken: 0 },
        storages: version === '0.7' ? { taken: 1, not_taken: 1 } : { taken: 0, not_taken: 0 },
        mailboxes: { taken: 0, not_taken: 2 },
        suspended_batches: { taken: 3, not_taken: 0 },
        waiting_messages: { taken: 5, not_taken: 1 },
        finished_messages: { taken: 4, not_taken: 0 },
        events: { taken: 5, not_taken: 1 },
        commands: { taken: 2, not_taken: 0 },
      });
      // Only read.
      expect(await source.dump()).toEqual(before);

      await using engine = await openEngine(target.database);
      expect(await engine.authenticate(TENANT_KEY)).toMatchObject({ kind: 'tenant', tenantId: 'acme' });
      await expect(engine.authenticate(`${TENANT_KEY.slice(1)}x`)).rejects.toMatchObject({ code: 'unauthenticated' });
      const keys = await listOf(engine, 'api-keys.list', { tenant_id: 'acme' });
      expect(keys).toEqual([expect.objectContaining({ label: 'from genro-mail-proxy', revoked_at: null })]);
      expect(await engine.execute('tenants.get', { tenant_id: 'acme' })).toMatchObject({
        name: 'Acme',
        client_base_url: receiver.url,
        client_sync_path: '/proxy_sync',
        client_auth: { method: 'bearer' },
        limit_per_hour: null,
        suppression: { hard: null, soft: null, complaint: null },
        suspended: false,
      });
      expect(await engine.execute('tenants.get', { tenant_id: 'paused' })).toMatchObject({ suspended: true });
      // Neither that nor rate_limits kept the original from sending.
      expect(await engine.execute('tenants.get', { tenant_id: 'idle' })).toMatchObject({ suspended: false });
      expect(await engine.execute('accounts.get', { tenant_id: 'acme', account_id: 'main' })).toMatchObject({
        tls: 'none',
        user: 'relay',
        has_password: true,
        limit_per_hour: 100,
        limit_per_day: null,
        limit_behavior: 'reject',
      });
      expect(await engine.execute('accounts.get', { tenant_id: 'paused', account_id: 'main' })).toMatchObject({
        tls: 'implicit',
        user: null,
      });
      expect(await engine.execute('accounts.get', { tenant_id: 'acme', account_id: 'pec' })).toMatchObject({
        tls: 'starttls',
        has_password: true,
      });
      const messageOf = (id: string) => engine.execute('messages.get', { tenant_id: 'acme', message_id: id });
      expect(await messageOf('later')).toMatchObject({
        state: 'deferred',
        priority: 3,
        next_attempt_at: isoOf(NOW + 48 * HOUR),
        created_at: isoOf(NOW - 2 * HOUR),
      });
      expect(await messageOf('in-promo')).toMatchObject({ state: 'suspended', batch_code: 'promo' });
      expect(await messageOf('greylisted')).toMatchObject({ attempts: 2, state: 'deferred' });
      expect(await messageOf('sent')).toMatchObject({
        result: 'sent',
        sent_ts: NOW - HOUR,
        subject: 'sent',
        bounce_type: 'soft',
        bounce_code: '452',
      });
      expect(await messageOf('failed')).toMatchObject({
        result: 'failed',
        last_error: '550 no such user',
        content_removed: true,
      });
      expect(await messageOf('unreadable')).toMatchObject({ result: 'failed' });
      expect(await messageOf('waiting')).toMatchObject({
        state: 'ready',
        priority: 1,
        attachments: [{ filename: 'voice.txt' }],
      });
      await expect(messageOf('gone')).rejects.toMatchObject({ code: 'not_found' });
      // What was sent there is not sent here, whether its message came along or not.
      for (const id of ['told', 'gone-and-sent']) {
        const again = await engine.submit([
          {
            tenant_id: 'acme',
            id,
            account_id: 'main',
            from: 'a@example.com',
            to: 'b@example.org',
            subject: 'x',
            text: 'x',
          },
        ]);
        expect(again).toMatchObject({ accepted: 0, results: [{ code: 'duplicate_id', result: 'sent' }] });
      }

      await engine.start();
      await sink.waitFor(2);
      await receiver.waitForReports(8);
      const { reports } = receiver;
      const subjects = sink.messages.map(({ headers }) => headers.get('subject')?.[0]);
      expect(subjects.toSorted()).toEqual(['greylisted', 'waiting']);
      expect(sink.messages.map(({ user }) => user)).toEqual(['relay', 'relay']);
      const waiting = sink.messages.find(({ headers }) => headers.get('subject')?.[0] === 'waiting');
      expect(waiting?.headers.get('x-shop')).toEqual(['7']);
      expect(waiting?.headers.get('from')).toEqual(['shop@example.com']);
      expect(waiting?.headers.get('x-genro-mail-id')).toEqual(['waiting']);
      expect(receiver.requests[0]?.headers.authorization).toBe('Bearer report-token');
      expect(receiver.requests[0]?.path).toBe('/proxy_sync');
      const told = (id: string) => reports.filter((report) => report['id'] === id);
      expect(told('later')).toEqual([
        expect.objectContaining({ deferred_ts: NOW - HOUR, deferred_reason: 'rate_limit' }),
      ]);
      expect(told('sent')).toEqual([
        expect.objectContaining({ sent_ts: NOW - HOUR }),
        expect.objectContaining({ pec_event: 'pec_acceptance' }),
        expect.objectContaining({
          bounce_ts: NOW - 30,
          bounce_type: 'soft',
          bounce_code: '452',
          bounce_reason: 'mailbox full',
        }),
      ]);
      expect(told('failed')).toEqual([expect.objectContaining({ error_ts: NOW - HOUR, error: '550 no such user' })]);
      expect(told('unreadable')).toEqual([
        expect.objectContaining({ error: expect.stringContaining('cannot be sent') }),
      ]);
      expect(told('told')).toEqual([]);

      const log = await listOf(engine, 'command-log.list', { tenant_id: 'acme' });
      const old = log.filter(({ principal }) => principal === 'genro-mail-proxy');
      expect(old.map(({ operation, outcome }) => `${operation} ${outcome}`).toSorted()).toEqual([
        'genro.addAccount status 400',
        'genro.suspend ok',
      ]);
      expect(JSON.stringify(log)).not.toContain('in-the-clear');
    });
  });

  test.skipIf(skip !== '')('taken again brings nothing twice, and what has come since', async () => {
    await using source = await open('0.7');
    await using target = await targetOf(kind);
    await fill(source, { smtpPort: 1, reportUrl: 'https://acme.example.com' }, true);
    const first = await importFrom(source, target.database);
    await source.insert('messages', {
      pk: 'Zz',
      id: 'new',
      tenant_id: 'acme',
      account_id: 'main',
      account_pk: 'Z1',
      payload: payloadOf('new'),
    });
    const second = await importFrom(source, target.database);
    for (const [name, { taken }] of Object.entries(first.counts)) {
      const extra = name === 'waiting_messages' ? 1 : 0;
      const counted = second.counts[name as keyof typeof second.counts];
      expect({ name, ...counted }).toMatchObject({ name, taken: extra, already_here: taken });
    }
    await using engine = await openEngine(target.database);
    expect(await listOf(engine, 'messages.list', { tenant_id: 'acme' })).toHaveLength(9);
  });

  test.skipIf(skip !== '')(
    'is only ever read: nothing can be written on the connection, nor is anything beside it',
    async () => {
      await using source = await open('0.7');
      await using target = await targetOf(kind);
      await fill(source, { smtpPort: 1, reportUrl: 'https://acme.example.com' }, true);
      const before = await source.dump();
      const files = () => (kind === 'SQLite' ? readdirSync(dirname(source.address)) : []);
      const filesBefore = files();
      {
        await using opened = await openGenroSource(source.address);
        expect(await opened.count('messages')).toBe(10);
        for (const write of [sql`delete from messages`, sql`create table mine (id integer)`]) {
          const error = await opened.read(write).catch((reason: unknown) => reason);
          // Of a file it is the cause: to the engine, one that cannot be written is a database that is away.
          expect(`${error} ${error instanceof Error ? error.cause : ''}`).toMatch(/read-?only/i);
        }
      }
      await importFrom(source, target.database);
      const into = importGenro({ config: configOf(source.address), source: source.address, sourceKey });
      await expect(into).rejects.toMatchObject({
        code: 'invalid_config',
        message: expect.stringContaining('only read'),
      });
      expect(await source.dump()).toEqual(before);
      expect(files()).toEqual(filesBefore);
    },
  );

  test.skipIf(skip !== '')('waits until no server runs on the new database', async () => {
    await using source = await open('0.7');
    await using target = await targetOf(kind);
    await fill(source, { smtpPort: 1, reportUrl: 'https://acme.example.com' }, true);
    await using engine = await openEngine(target.database);
    await engine.start();
    await expect(importFrom(source, target.database)).rejects.toMatchObject({ code: 'database_locked' });
    await engine[Symbol.asyncDispose]();
    expect((await importFrom(source, target.database)).counts.tenants).toMatchObject({ taken: 3 });
  });

  test.skipIf(skip !== '')('is sealed where contents are, and sent from there', async () => {
    await using sink = await startSmtpSink({ users: USERS });
    await using source = await open('0.7');
    await using target = await targetOf(kind);
    await fill(source, { smtpPort: sink.port, reportUrl: 'https://acme.example.com' }, true);
    const config = { ...configOf(target.database), contentEncryption: true };
    await importFrom(source, target.database, { config });
    const dump = kind === 'SQLite' ? dumpSqlite(target.database) : await dumpPostgres(target.database);
    expect(JSON.stringify([dump['message_contents'], dump['attachment_chunks']])).not.toMatch(/Hello|6475653a2035/);
    await using engine = await createMailEngine({ config });
    await engine.start();
    const mail = await sink.waitFor(({ headers }) => headers.get('subject')?.[0] === 'waiting');
    expect(mail.raw.toString('latin1')).toContain('Hello');
    expect(mail.raw.toString('latin1')).toContain(Buffer.from('due: 5').toString('base64'));
  });

  test.skipIf(skip !== '')('is tried dry: what would come of it is told, and no database is made', async () => {
    await using source = await open('0.7');
    using dir = tempDir();
    await fill(source, { smtpPort: 1, reportUrl: 'https://acme.example.com' }, true);
    const before = await source.dump();
    const result = await importFrom(source, dir.file('new.db'), { dryRun: true });
    expect(result.counts).toMatchObject({
      waiting_messages: { taken: 5, not_taken: 1 },
      finished_messages: { taken: 4 },
      events: { taken: 5, not_taken: 1 },
    });
    expect(await source.dump()).toEqual(before);
    expect(readdirSync(dir.path)).toEqual([]);
  });
});

describe('secrets that the key does not open', () => {
  test('stop the import before anything is written, unless that is allowed', async () => {
    using dir = tempDir();
    await using source = await GENRO_DATABASES[0][1]('0.7');
    await fill(source, { smtpPort: 25, reportUrl: 'https://acme.example.com' }, true);
    const database = dir.file('new.db');
    for (const wrong of [null, createSecretKey(Buffer.alloc(32, 8))]) {
      await expect(importFrom(source, database, { sourceKey: wrong })).rejects.toMatchObject({
        code: 'sealed_with_unknown_key',
        message: expect.stringMatching(/accounts\.password.*storages\.config/),
      });
    }
    const result = await importFrom(source, database, { sourceKey: null, allowUnreadableSecrets: true });
    expect(result.counts).toMatchObject({ accounts: { taken: 3 }, storages: { taken: 0, not_taken: 2 } });
    expect(result.changed).toContainEqual(
      expect.objectContaining({ ids: ['acme/main'], reason: expect.stringContaining('set anew') }),
    );
    expect(JSON.stringify(result)).not.toContain('ENC:');
  });
});

test('what is no database of genro-mail-proxy is refused', async () => {
  using dir = tempDir();
  await using engine = await openEngine(dir.file('own.db'));
  await engine[Symbol.asyncDispose]();
  const own = importGenro({ config: configOf(dir.file('new.db')), source: dir.file('own.db') });
  await expect(own).rejects.toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining('mail-proxy export'),
  });
  const absent = importGenro({ config: configOf(dir.file('new.db')), source: dir.file('absent.db') });
  await expect(absent).rejects.toMatchObject({ code: 'database_unavailable' });
});
