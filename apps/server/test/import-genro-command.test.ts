// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type SmtpSink, startSmtpSink, type TempDir, tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { readServerConfig } from '../src/env/read-config.ts';
import { startServer } from '../src/start-server.ts';
import { run } from './run-command.case.ts';

const OLD_KEY = Buffer.alloc(32, 7);
const TENANT_KEY = 'k'.repeat(43);
const USERS = { relay: 'p455w0rd' };

function sealedByGenro(plain: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', OLD_KEY, nonce);
  return `ENC:${Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')}`;
}

/** A tenant with a key and an account, a message that waits, and one whose account is gone. */
function writeSource(dir: TempDir, smtpPort: number): string {
  const path = dir.file('mail_service.db');
  const db = new DatabaseSync(path);
  db.exec(`
    create table tenants (id text primary key, api_key_hash text);
    create table accounts (pk text primary key, id text, tenant_id text, host text, port integer, "user" text,
      password text, use_tls integer);
    create table messages (pk text primary key, id text, tenant_id text, account_id text, payload text, smtp_ts integer);
    create table storages (pk text primary key, tenant_id text, name text, protocol text, config text);
  `);
  db.prepare('insert into tenants values (?, ?)').run('acme', createHash('sha256').update(TENANT_KEY).digest('hex'));
  const account = db.prepare('insert into accounts values (?, ?, ?, ?, ?, ?, ?, ?)');
  account.run('Z1', 'main', 'acme', '127.0.0.1', smtpPort, 'relay', sealedByGenro(USERS.relay), 0);
  const payload = JSON.stringify({ from: 'a@example.com', to: ['b@example.org'], subject: 'Waited', body: 'x' });
  const message = db.prepare('insert into messages values (?, ?, ?, ?, ?, null)');
  message.run('Za', 'one', 'acme', 'main', payload);
  message.run('Zb', 'lost', 'acme', 'deleted', payload);
  db.close();
  return path;
}

async function world(): Promise<
  AsyncDisposable & { readonly dir: TempDir; readonly sink: SmtpSink; readonly source: string; readonly data: string }
> {
  const dir = tempDir();
  const sink = await startSmtpSink({ users: USERS });
  const source = writeSource(dir, sink.port);
  return {
    ...{ dir, sink, source, data: dir.file('data') },
    async [Symbol.asyncDispose]() {
      await sink.close();
      dir[Symbol.dispose]();
    },
  };
}

test('a dry run tells what would be taken and what not, and leaves everything as it is', async () => {
  await using own = await world();
  const env = { GMP_DATA_DIR: own.data, MAIL_PROXY_ENCRYPTION_KEY: OLD_KEY.toString('base64') };
  const before = readdirSync(own.dir.path);
  const dry = await run(['import-genro', own.source, '--dry-run'], env);
  expect(dry.code).toBe(65);
  expect(dry.stdout).toMatch(/^read a genro-mail-proxy 0\.7 on sqlite in \d/);
  expect(dry.stdout).toMatch(/would be taken/);
  expect(dry.stdout).toMatch(/waiting messages\D+1\D+0\D+1/);
  expect(dry.stdout).toContain('Not taken:\n  waiting messages acme/lost\n    its account is not here');
  expect(dry.stdout).toContain('Nothing was changed');
  expect(dry.stderr).toMatch(/^importing \d+\/4 rows \(\w+\)\n/);
  expect(readdirSync(own.dir.path)).toEqual(before);
});

test('what was taken is sent by the server, and the key of a tenant opens what it opened', async () => {
  await using own = await world();
  const keyFile = own.dir.file('old.key');
  writeFileSync(keyFile, OLD_KEY);
  const env = { GMP_DATA_DIR: own.data };
  const args = ['import-genro', own.source, '--source-key-file', keyFile, '--json'];
  const imported = await run(args, env);
  expect(imported.code).toBe(65);
  const report = JSON.parse(imported.stdout);
  expect(report).toMatchObject({
    source: { kind: 'sqlite', schema: '0.7' },
    dry_run: false,
    counts: { api_keys: { taken: 1, already_here: 0, not_taken: 0 }, waiting_messages: { taken: 1, not_taken: 1 } },
    not_taken: [{ kind: 'waiting_messages', count: 1, ids: ['acme/lost'] }],
  });
  expect(imported.stdout).not.toContain(USERS.relay);
  const again = JSON.parse((await run(args, env)).stdout);
  expect(again.counts).toMatchObject({
    tenants: { taken: 0, already_here: 1 },
    waiting_messages: { taken: 0, already_here: 1, not_taken: 1 },
  });

  const settings = {
    ...env,
    GMP_PORT: '0',
    GMP_EDITION: 'community',
    GMP_API_TOKEN: 'x'.repeat(32),
    GMP_COMPAT: 'genro',
  };
  await using server = await startServer(readServerConfig(settings));
  const [mail] = await own.sink.waitFor(1);
  expect([mail?.user, mail?.headers.get('subject')]).toEqual(['relay', ['Waited']]);
  const headers = { 'x-api-token': TENANT_KEY };
  const listed = await fetch(`${server.url}/v1/messages`, { headers });
  expect(await listed.json()).toMatchObject({ items: [{ id: 'one', tenant_id: 'acme' }] });
  const others = await fetch(`${server.url}/v1/tenants`, { headers });
  expect(others.status).toBe(403);
  // An old client goes on with the same key.
  const old = await fetch(`${server.url}/messages?tenant_id=acme`, { headers });
  expect(await old.json()).toMatchObject({
    ok: true,
    messages: [{ id: 'one', account_id: 'main', priority: 2, message: { subject: 'Waited' } }],
  });
  const accounts = await fetch(`${server.url}/accounts?tenant_id=acme`, { headers });
  expect(await accounts.json()).toMatchObject({ accounts: [{ id: 'main', use_tls: false, user: 'relay' }] });

  const locked = await run(args, env);
  expect(locked.code).toBe(69);
  expect(locked.stderr).toContain('(database_locked)');
});

test('exit codes say what is wrong with the source and its key', async () => {
  await using own = await world();
  const env = { GMP_DATA_DIR: own.data };
  const code = async (args: readonly string[], more = {}) =>
    (await run(['import-genro', ...args], { ...env, ...more })).code;
  const wrong = own.dir.file('wrong.key');
  writeFileSync(wrong, Buffer.alloc(32, 8));
  const keyless = await run(['import-genro', own.source], env);
  expect([keyless.code, keyless.stdout]).toEqual([78, '']);
  expect(keyless.stderr).toMatch(
    /1 secrets of the source \(accounts\.password\) .*no key was given.*--source-key-file/,
  );
  expect(await code([own.source, '--source-key-file', wrong])).toBe(78);
  expect(await code([own.source], { MAIL_PROXY_ENCRYPTION_KEY: 'not a key' })).toBe(78);
  expect(await code([own.dir.file('absent.db')])).toBe(69);
  expect(await code(['mysql://db/mail'])).toBe(78);
  expect(await code([])).toBe(2);
  expect(await code([own.source, '--source-key-file', wrong, '--allow-unreadable-secrets'])).toBe(65);
});
