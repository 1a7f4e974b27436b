// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { createMailEngine, type GenroImportResult, importGenro } from '@mail-proxy/core';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { mixins } from '../src/index.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const OLD_KEY = Buffer.alloc(32, 7);

function sealedByGenro(plain: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', OLD_KEY, nonce);
  return `ENC:${Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')}`;
}

/** What of the original's tables this is about. */
function writeSource(path: string): void {
  const db = new DatabaseSync(path);
  db.exec(`
    create table tenants (id text primary key, large_file_config text);
    create table accounts (pk text primary key, id text, tenant_id text, host text, port integer, "user" text,
      password text, use_tls integer, is_pec_account integer, imap_host text, imap_port integer, imap_user text,
      imap_password text, imap_folder text);
    create table messages (pk text primary key, id text, tenant_id text, account_id text, payload text, smtp_ts integer);
    create table storages (pk text primary key, tenant_id text, name text, protocol text, config text);
    create table instance (id integer primary key, bounce_enabled integer, bounce_imap_host text,
      bounce_imap_port integer, bounce_imap_user text, bounce_imap_password text, bounce_imap_ssl integer,
      bounce_imap_folder text, bounce_poll_interval integer, bounce_return_path text);
    insert into tenants values ('studio', '{"enabled":true,"max_size_mb":2.5,"action":"reject","secret_key":"x"}');
  `);
  const account = db.prepare('insert into accounts values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const relay = ['smtp.pec.example.it', 465, 'studio@pec.example.it', sealedByGenro('smtp-secret'), 1] as const;
  account.run('Z1', 'pec', 'studio', ...relay, 1, 'imap.pec.example.it', 993, null, sealedByGenro('imap-secret'), null);
  account.run('Z2', 'half', 'studio', ...relay, 1, null, 993, null, null, null);
  db.prepare('insert into instance values (1, 0, ?, 143, ?, ?, 0, ?, 2, ?)').run(
    'imap.example.com',
    'bounces@example.com',
    sealedByGenro('bounce-secret'),
    'Returned',
    'bounces@example.com',
  );
  db.close();
}

const targets = [
  ['SQLite', '', async () => null],
  ['PostgreSQL', inject('pgSkip'), () => createDatabase(inject('pgUrl') ?? '')],
] as const;

describe.each(targets)('the database of a genro-mail-proxy, taken into %s', (_, skip, open) => {
  test.skipIf(skip !== '')('brings certified mail, mailboxes and large files to the mixins', async () => {
    using dir = tempDir();
    await using made = await open();
    const source = dir.file('mail_service.db');
    writeSource(source);
    const config = { database: made?.url ?? dir.file('new.db'), encryptionKey: KEY };
    const take = (): Promise<GenroImportResult> =>
      importGenro({ config, source, sourceKey: createSecretKey(OLD_KEY), mixins });
    const result = await take();
    expect(result.counts).toMatchObject({
      tenants: { taken: 1, not_taken: 0 },
      accounts: { taken: 2, not_taken: 0 },
      mailboxes: { taken: 2, not_taken: 1 },
      settings: { not_taken: 1 },
    });
    expect(result.changed).toContainEqual(
      expect.objectContaining({ kind: 'mailboxes', ids: ['instance'], reason: expect.stringContaining('in clear') }),
    );
    expect((await take()).counts).toMatchObject({
      accounts: { taken: 0, already_here: 2 },
      mailboxes: { taken: 0, already_here: 2, not_taken: 1 },
    });

    await using engine = await createMailEngine({ config, mixins });
    expect(await engine.execute('tenants.get', { tenant_id: 'studio' })).toMatchObject({
      large_file_config: { enabled: true, max_size_mb: 2.5, action: 'reject' },
    });
    expect(await engine.execute('accounts.get', { tenant_id: 'studio', account_id: 'pec' })).toMatchObject({
      pec: true,
      tls: 'implicit',
      has_password: true,
    });
    const { items } = (await engine.execute('mailboxes.list', {})) as { readonly items: readonly object[] };
    expect(items).toEqual([
      expect.objectContaining({
        ...{ scope: 'account', tenant_id: 'studio', account_id: 'pec', purposes: ['pec'] },
        ...{ host: 'imap.pec.example.it', port: 993, tls: 'implicit', user: 'studio@pec.example.it' },
        ...{ has_password: true, folder: 'INBOX', after_handling: 'leave', enabled: true },
      }),
      expect.objectContaining({
        ...{ scope: 'instance', tenant_id: null, account_id: null, purposes: ['bounces'] },
        ...{ host: 'imap.example.com', port: 143, tls: 'none', allow_cleartext: true, user: 'bounces@example.com' },
        ...{ has_password: true, folder: 'Returned', poll_interval_seconds: 2, enabled: false },
      }),
    ]);
  });
});
