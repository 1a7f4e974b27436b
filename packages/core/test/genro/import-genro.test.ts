// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash, createSecretKey } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createMailEngine, type GenroImportOptions, importGenro, type MailEngine } from '@mail-proxy/core';
import { createDatabase, startReportReceiver, startSmtpSink, type TempDir, tempDir } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import { describe, expect, inject, test } from 'vitest';
import { openGenroSource } from '../../src/genro/source.ts';
import { GENRO_DATABASES, type GenroDatabase, OLD_KEY, payloadOf, sealedByGenro, stamp } from './genro-source.case.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const NOW = Math.floor(Date.now() / 1_000);
const HOUR = 3_600;
const TENANT_KEY = 'q'.repeat(43);
const USERS = { relay: 'p455w0rd' };

const sourceKey = createSecretKey(OLD_KEY);
const configOf = (database: string) => ({
  database,
  encryptionKey: KEY,
  outgoing: { allowPrivateNetworks: true },
  reports: { intervalMs: 1_000 },
});
const openEngine = (database: string): Promise<MailEngine> => createMailEngine({ config: configOf(database) });

function importFrom({ address }: GenroDatabase, database: string, more: Partial<GenroImportOptions> = {}) {
  return importGenro({ config: configOf(database), source: address, sourceKey, ...more });
}

const isoOf = (seconds: number): string => new Date(seconds * 1_000).toISOString();

/** Lines of a page of an operation. */
async function listOf(
  engine: MailEngine,
  operation: string,
  input: object = {},
): Promise<readonly Record<string, unknown>[]> {
  return ((await engine.execute(operation, { limit: 1_000, ...input })) as { items: Record<string, unknown>[] }).items;
}

interface Ends {
  readonly smtpPort: number;
  readonly reportUrl: string;
}

/** Everything that 0.7 has a place for. */
async function fill(source: GenroDatabase, { smtpPort, reportUrl }: Ends, hasStorages: boolean): Promise<void> {
  await source.insert(
    'tenants',
    {
      id: 'acme',
      name: 'Acme',
      client_auth: JSON.stringify({ method: 'bearer', token: 'report-token' }),
      client_base_url: reportUrl,
      client_sync_path: 'proxy_sync',
      rate_limits: JSON.stringify({ hourly: 500, daily: 0 }),
      suspended_batches: 'promo,news',
      api_key_hash: createHash('sha256').update(TENANT_KEY).digest('hex'),
    },
    { id: 'idle', name: 'Idle', active: 0 },
    { id: 'paused', suspended_batches: '*' },
  );
  await source.insert(
    'accounts',
    {
      pk: 'Z1',
      id: 'main',
      tenant_id: 'acme',
      host: '127.0.0.1',
      port: smtpPort,
      user: 'relay',
      password: sealedByGenro(USERS.relay),
      use_tls: 0,
      limit_per_hour: 100,
      limit_per_day: 0,
      limit_behavior: 'reject',
    },
    { pk: 'Z2', id: 'main', tenant_id: 'paused', host: 'smtp.example.com', port: 465, user: 'half' },
    {
      pk: 'Z3',
      id: 'pec',
      tenant_id: 'acme',
      host: 'smtp.example.com',
      port: 587,
      user: 'u',
      password: 'ENC:plain-after-all',
      use_tls: 1,
      is_pec_account: 1,
      imap_host: 'imap.example.com',
      imap_password: sealedByGenro('imap-secret'),
    },
  );
  const row = (pk: string, id: string, more: object = {}) => ({
    pk,
    id,
    tenant_id: 'acme',
    account_id: 'main',
    account_pk: 'Z1',
    payload: payloadOf(id),
    created_at: stamp(NOW - 2 * HOUR),
    ...more,
  });
  const deferred = JSON.stringify({
    pk: 'Zc',
    id: 'greylisted',
    tenant_id: 'acme',
    retry_count: 1,
    message: JSON.parse(payloadOf('greylisted', { retry_count: 2 })),
  });
  const file = {
    filename: '../in/voice.txt',
    storage_path: `base64:${Buffer.from('due: 5').toString('base64')}`,
    fetch_mode: 'base64',
  };
  await source.insert(
    'messages',
    row('Za', 'waiting', {
      priority: 1,
      payload: payloadOf('waiting', { attachments: [file], headers: { 'X-Shop': 7, From: 'else@example.com' } }),
    }),
    row('Zb', 'later', { deferred_ts: NOW + 48 * HOUR, priority: 3 }),
    row('Zc', 'greylisted', {
      deferred_ts: NOW - 60,
      payload: JSON.stringify({ pk: 'Zc', message: JSON.parse(deferred) }),
    }),
    row('Zd', 'in-promo', { batch_code: 'promo' }),
    row('Ze', 'sent', { smtp_ts: NOW - HOUR }),
    row('Zf', 'failed', { smtp_ts: NOW - HOUR, payload: payloadOf('failed', { from: 'nobody' }) }),
    row('Zg', 'told', { smtp_ts: NOW - HOUR }),
    row('Zh', 'gone', { account_id: 'deleted', account_pk: 'Z9' }),
    row('Zi', 'gone-and-sent', { account_id: 'deleted', account_pk: 'Z9', smtp_ts: NOW - HOUR }),
    row('Zj', 'unreadable', { payload: 'not json' }),
  );
  const event = (message_pk: string, event_type: string, more: object = {}) => ({
    message_pk,
    event_type,
    event_ts: NOW - HOUR,
    ...more,
  });
  await source.insert(
    'message_events',
    event('Zb', 'deferred', { description: 'rate_limit', metadata: JSON.stringify({ deferred_ts: NOW + 48 * HOUR }) }),
    event('Ze', 'sent'),
    event('Zf', 'error', {
      description: '550 no such user',
      metadata: JSON.stringify({ smtp_code: 550, retry_count: 0 }),
    }),
    event('Zg', 'sent', { reported_ts: NOW - 60 }),
    event('sent', 'bounce', {
      event_ts: NOW - 30,
      description: 'mailbox full',
      metadata: JSON.stringify({ bounce_type: 'soft', bounce_code: '452' }),
    }),
    event('never-was', 'bounce', { description: 'user unknown' }),
    event('Ze', 'pec_acceptance', { metadata: JSON.stringify({ pec_timestamp: '2026-01-01T10:00:00Z', list: [1] }) }),
  );
  await source.insert(
    'command_log',
    {
      command_ts: NOW - HOUR,
      endpoint: 'suspend',
      tenant_id: 'acme',
      payload: JSON.stringify({ tenant_id: 'acme', batch_code: 'promo' }),
      response_status: 200,
    },
    {
      command_ts: NOW - HOUR,
      endpoint: 'addAccount',
      tenant_id: 'acme',
      payload: JSON.stringify({ id: 'main', password: 'in-the-clear' }),
      response_status: 400,
    },
  );
  await source.insert('instance', {
    id: 1,
    api_token: 'operator-token',
    bounce_enabled: 1,
    bounce_imap_host: 'imap.example.com',
    bounce_imap_user: 'b',
    bounce_imap_password: sealedByGenro('bounce-secret'),
  });
  if (!hasStorages) return;
  await source.insert(
    'storages',
    {
      pk: 'Zs',
      tenant_id: 'acme',
      name: 'files',
      protocol: 'local',
      config: sealedByGenro(JSON.stringify({ base_path: '/srv/files/acme', public_base_url: 'https://x' })),
    },
    {
      pk: 'Zt',
      tenant_id: 'acme',
      name: 'cloud',
      protocol: 'gcs',
      config: sealedByGenro(JSON.stringify({ bucket: 'b' })),
    },
  );
}

/** The new database is of the same kind as the source. */
async function targetOf(kind: string): Promise<AsyncDisposable & { readonly database: string }> {
  if (kind === 'PostgreSQL') {
    const made = await createDatabase(inject('pgUrl') ?? '');
    return { database: made.url, [Symbol.asyncDispose]: () => made.drop() };
  }
  const dir: TempDir = tempDir();
  return { database: dir.file('new.db'), [Symbol.asyncDispose]: async () => dir[Symbol.dispose]() };
}

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

  test.skipIf(skip !== '')('from before there were events comes along with what it says of its messages', async () => {
    await using source = await open('0.6 without events');
    await using target = await targetOf(kind);
    await source.insert('tenants', { id: 'acme', client_base_url: 'https://acme.example.com' });
    await source.insert(
      'accounts',
      { id: 'acme-main', tenant_id: 'acme', host: 'smtp.example.com', port: 587 },
      { id: 'old', tenant_id: null, host: 'smtp.example.com', port: 25 },
    );
    const row = (id: string, account_id: string, more: object = {}) => ({
      id,
      account_id,
      payload: payloadOf(id),
      ...more,
    });
    await source.insert(
      'messages',
      row('one', 'acme-main'),
      row('two', 'acme-main', { sent_ts: NOW - HOUR }),
      row('three', 'acme-main', { error_ts: NOW - HOUR, error: '554 no' }),
      row('four', 'acme-main', { sent_ts: NOW - HOUR, reported_ts: NOW }),
      row('five', 'old', { deferred_ts: NOW + HOUR }),
      row('six', 'nobody'),
    );
    await source.insert('instance_config', { key: 'bounce_imap_host', value: 'imap.example.com' });
    const result = await importFrom(source, target.database);
    expect(result.source.schema).toBe('0.6');
    expect(result.counts).toMatchObject({
      accounts: { taken: 2 },
      waiting_messages: { taken: 2, not_taken: 1 },
      finished_messages: { taken: 3 },
      events: { taken: 2 },
    });
    await using engine = await openEngine(target.database);
    const acme = await listOf(engine, 'messages.list', { tenant_id: 'acme' });
    expect(acme.map(({ id, result: end }) => [id, end]).toSorted()).toEqual([
      ['four', 'sent'],
      ['one', null],
      ['three', 'failed'],
      ['two', 'sent'],
    ]);
    expect(await engine.execute('messages.get', { tenant_id: 'default', message_id: 'five' })).toMatchObject({
      state: 'deferred',
    });
    expect(await engine.execute('messages.events', { tenant_id: 'acme', message_id: 'three' })).toMatchObject({
      items: [{ type: 'error', reason: '554 no', at: isoOf(NOW - HOUR) }],
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
          await expect(opened.read(write)).rejects.toThrow(/read-?only/);
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
