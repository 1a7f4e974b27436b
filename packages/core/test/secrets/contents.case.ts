// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  addKeyToFile,
  createMailEngine,
  exportDatabase,
  importDatabase,
  keyIdOf,
  type MailEngine,
  newKey,
  readKeyFile,
} from '@mail-proxy/core';
import { eventually, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { rawStatement } from '../../src/database/raw.ts';
import { authPlace } from '../../src/entities/message/draft-attachment.ts';
import { KeyRing } from '../../src/secrets/key-ring.ts';
import { createSealer } from '../../src/secrets/sealer.ts';
import type { MakeDatabase } from './rotation.case.ts';
import { rotated, statusOf } from './secrets-world.case.ts';

/** Three pieces, the last one short. */
const LARGE = randomBytes(600_000);
const SMALL = Buffer.from('a small file');

interface Settings {
  readonly database: string;
  readonly keyFile: string;
  readonly contentEncryption: boolean;
}

async function open({ database, keyFile, contentEncryption }: Settings): Promise<MailEngine> {
  const config = { database, encryptionKeyFile: keyFile, contentEncryption, retry: { baseMs: 50, maxDelayMs: 100 } };
  const engine = await createMailEngine({ config });
  await engine.start();
  return engine;
}

const addAccount = (engine: MailEngine, port: number) =>
  engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port, tls: 'none' });

async function submit(engine: MailEngine, id: string, fields: object = {}): Promise<void> {
  const { results } = await engine.submit([
    {
      id,
      from: 'a@example.com',
      to: 'b@example.org',
      subject: `subject of ${id}`,
      text: `text of ${id}`,
      attachments: [
        { filename: 'large.bin', content: LARGE },
        { filename: 'small.txt', content: SMALL },
      ],
      ...fields,
    },
  ]);
  expect(results).toEqual([expect.objectContaining({ status: 'accepted' })]);
}

/** Base64 of a file as it stands in a mail. */
const lines = (bytes: Buffer): string =>
  bytes
    .toString('base64')
    .replaceAll(/(.{76})/g, '$1\r\n')
    .trim();

function expectMail(raw: Buffer, id: string): void {
  const text = raw.toString('latin1');
  expect(text).toContain(`Subject: subject of ${id}`);
  expect(text).toContain(`text of ${id}`);
  expect(text.includes(lines(LARGE))).toBe(true);
  expect(text).toContain(lines(SMALL));
}

/** Rows of a query on a database that no engine has open, or one that several may. */
async function query<Row>(url: string, text: ReturnType<typeof sql<Row>>): Promise<readonly Row[]> {
  await using database = await openDatabase<unknown>(url);
  return await database.read(rawStatement(database, text));
}

async function change(url: string, ...texts: readonly ReturnType<typeof sql>[]): Promise<void> {
  await using database = await openDatabase<unknown>(url);
  await database.write(texts.map((text) => rawStatement(database, text)));
}

export function contentsCases(make: MakeDatabase): void {
  test('mail is sealed where it lies and sent as it was; each file is stored once in a tenant, under a name of its own', async () => {
    await using made = await make();
    using dir = tempDir();
    await using sink = await startSmtpSink();
    const settings = { database: made.url, keyFile: dir.file('key'), contentEncryption: true };
    {
      await using engine = await open(settings);
      await addAccount(engine, sink.port);
      await submit(engine, 'one');
      await submit(engine, 'two');
      await submit(engine, 'empty', { attachments: [{ filename: 'empty', content: Buffer.alloc(0) }] });
      await sink.waitFor(3);
      for (const id of ['one', 'two']) {
        const message = sink.messages.find(({ raw }) => raw.includes(`subject of ${id}`));
        expectMail(message?.raw ?? Buffer.alloc(0), id);
      }
      expect(await engine.execute('messages.get', { message_id: 'one' })).toMatchObject({ subject: 'subject of one' });
      await engine.execute('tenants.create', { id: 'other' });
      await engine.execute('accounts.create', {
        tenant_id: 'other',
        id: 'o',
        host: '127.0.0.1',
        port: sink.port,
        tls: 'none',
      });
      await submit(engine, 'three', { tenant_id: 'other' });
      await sink.waitFor(4);
    }
    const files = sql<{
      hash: string;
      tenant_id: string;
      size_bytes: number;
    }>`select hash, tenant_id, size_bytes from attachment_contents`;
    const stored = await query(made.url, files);
    const sizes = (tenant: string) =>
      stored.filter(({ tenant_id }) => tenant_id === tenant).map(({ size_bytes }) => size_bytes);
    expect(sizes('default').toSorted((a, b) => a - b)).toEqual([0, SMALL.length, LARGE.length]);
    expect(sizes('other').toSorted((a, b) => a - b)).toEqual([SMALL.length, LARGE.length]);
    expect(new Set(stored.map(({ hash }) => hash)).size).toBe(5);
    expect(stored.every(({ hash }) => /^hmac-[0-9a-f]{64}$/.test(hash))).toBe(true);
    const texts = sql<{ content: string }>`select content from message_contents`;
    for (const { content } of await query(made.url, texts)) expect(content).toMatch(/^sealed:v1:/);
    const pieces = sql<{ bytes: Uint8Array; sealed_as: string }>`select bytes, sealed_as from attachment_chunks`;
    for (const { bytes, sealed_as } of await query(made.url, pieces)) {
      expect(sealed_as).toMatch(/^[0-9a-f]{8}:(600000|12|0)$/);
      expect(Buffer.from(bytes).includes(SMALL)).toBe(false);
      expect(Buffer.from(bytes).includes(LARGE.subarray(100, 132))).toBe(false);
    }
  });

  test('what was stored before and after a change of the setting is sent alike', async () => {
    await using made = await make();
    using dir = tempDir();
    await using sink = await startSmtpSink();
    const settings = { database: made.url, keyFile: dir.file('key') };
    const later = { send_at: '2999-01-01T00:00:00Z' };
    {
      await using engine = await open({ ...settings, contentEncryption: false });
      await addAccount(engine, sink.port);
      await submit(engine, 'plain', later);
    }
    {
      await using engine = await open({ ...settings, contentEncryption: true });
      await submit(engine, 'sealed', later);
    }
    await using engine = await open({ ...settings, contentEncryption: false });
    for (const id of ['plain', 'sealed']) {
      await engine.execute('messages.reschedule', { message_id: id, send_at: '2020-01-01T00:00:00Z' });
      const { raw } = await sink.waitFor(({ raw }) => raw.includes(`subject of ${id}`));
      expectMail(raw, id);
    }
  });

  test('what takes the place of a message that waits opens there, its credentials too', async () => {
    await using made = await make();
    using dir = tempDir();
    await using sink = await startSmtpSink();
    const settings = { database: made.url, keyFile: dir.file('key'), contentEncryption: true };
    {
      await using engine = await open(settings);
      await addAccount(engine, sink.port);
      const send_at = '2999-01-01T00:00:00Z';
      await submit(engine, 'one', { send_at });
      const auth = { method: 'bearer', token: 'canary' };
      const attachments = [{ filename: 'f', fetch_mode: 'http_url', storage_path: 'https://files.example/f', auth }];
      await submit(engine, 'one', { send_at, subject: 'another', attachments, on_conflict: 'replace_if_pending' });
      expect(await engine.execute('messages.get', { message_id: 'one' })).toMatchObject({ subject: 'another' });
    }
    const sealer = createSealer(new KeyRing((await readKeyFile(settings.keyFile)) ?? []));
    const stored = sql<{ pk: string; auth: string }>`select message_pk as pk, auth from message_attachments`;
    const [row] = await query(made.url, stored);
    expect(sealer.open(row?.auth ?? '', authPlace({ messagePk: row?.pk ?? '', position: 0 }))).toContain('canary');
  });

  test('a rotation of keys seals mail anew, and an archive of it stays sealed', async () => {
    await using made = await make();
    using dir = tempDir();
    await using sink = await startSmtpSink();
    const settings = { database: made.url, keyFile: dir.file('key'), contentEncryption: true };
    const next = newKey();
    {
      await using engine = await open(settings);
      await addAccount(engine, sink.port);
      await submit(engine, 'one', { send_at: '2999-01-01T00:00:00Z' });
      await addKeyToFile(settings.keyFile, next, 'first');
      await engine.execute('keys.rotate', {});
      // A text, three pieces and one, and the key with which they are named.
      expect(await rotated(engine)).toMatchObject({ state: 'done', total: 6, done: 6, unreadable: 0 });
      expect(new Set((await statusOf(engine)).columns.map(({ key }) => key))).toEqual(new Set([keyIdOf(next)]));
      await submit(engine, 'same files', { send_at: '2999-01-01T00:00:00Z' });
    }
    const config = { database: made.url, encryptionKeyFile: settings.keyFile };
    // An engine that was stopped has ended its session.
    await exportDatabase({ config, folder: dir.file('archive') });
    const archived = readFileSync(dir.file('archive', 'message_contents.jsonl'), 'utf8');
    expect(archived).not.toContain('subject of');
    expect(readFileSync(dir.file('archive', 'manifest.json'), 'utf8')).toContain('attachment_chunks.sealed_as');
    const target = { database: dir.file('imported.db'), encryptionKeyFile: settings.keyFile };
    await importDatabase({ config: target, folder: dir.file('archive') });
    await using engine = await open({ database: target.database, keyFile: settings.keyFile, contentEncryption: true });
    await engine.execute('messages.reschedule', { message_id: 'one', send_at: '2020-01-01T00:00:00Z' });
    expectMail((await sink.waitFor(1))[0]!.raw, 'one');
  });

  test.each([
    [
      'changes places with another',
      [
        sql`update attachment_chunks set position = 9 where position = 0`,
        sql`update attachment_chunks set position = 0 where position = 1`,
        sql`update attachment_chunks set position = 1 where position = 9`,
      ],
    ],
    ['is left out at the end', [sql`delete from attachment_chunks where position = 2`]],
    [
      'is left out, and the file said to be shorter',
      [
        sql`delete from attachment_chunks where position = 2`,
        sql`update attachment_contents set size_bytes = 524400`,
        sql`update attachment_chunks set sealed_as = replace(sealed_as, ':600000', ':524400')`,
      ],
    ],
    ['is put in in clear', [sql`update attachment_chunks set sealed_as = null`]],
  ])('no mail is sent whose file has a piece that %s', async (_, tampering) => {
    await using made = await make();
    using dir = tempDir();
    await using sink = await startSmtpSink();
    const settings = { database: made.url, keyFile: dir.file('key'), contentEncryption: true };
    {
      await using engine = await open(settings);
      await addAccount(engine, sink.port);
      const attachments = [{ filename: 'large.bin', content: LARGE }];
      await submit(engine, 'one', { send_at: '2999-01-01T00:00:00Z', attachments });
    }
    await change(made.url, ...tampering);
    await using engine = await open(settings);
    await engine.execute('messages.reschedule', { message_id: 'one', send_at: '2020-01-01T00:00:00Z' });
    await eventually(async () => {
      const { last_error: error } = (await engine.execute('messages.get', { message_id: 'one' })) as {
        last_error: string | null;
      };
      return error !== null;
    });
    expect(sink.messages).toEqual([]);
  });
}
