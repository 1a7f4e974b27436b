// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Databases of genro-mail-proxy, written with the drivers alone.
import { createCipheriv, randomBytes } from 'node:crypto';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import BetterSqlite from 'better-sqlite3';
import pg from 'pg';
import { inject } from 'vitest';
import { type Dump, dumpPostgres, dumpSqlite } from '../transfer/dump.case.ts';
import { type GenroVersion, tablesOf } from './genro-schemas.case.ts';

type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

/** A source that a test fills. */
export interface GenroDatabase extends AsyncDisposable {
  /** As `import-genro` takes it. */
  readonly address: string;
  insert(table: string, ...rows: readonly Row[]): Promise<void>;
  run(statement: string): Promise<void>;
  dump(): Promise<Dump>;
}

/** Both databases that the original knew. */
export const GENRO_DATABASES = [
  ['SQLite', openSqlite, ''],
  ['PostgreSQL', openPostgres, inject('pgSkip')],
] as const;

async function openSqlite(version: GenroVersion): Promise<GenroDatabase> {
  const dir = tempDir();
  const address = dir.file('mail_service.db');
  const run = async (statement: string, values: readonly Value[] = []): Promise<void> => {
    // As the original: a connection for each statement, and no write-ahead log.
    const db = new BetterSqlite(address);
    db.prepare(statement).run(...values);
    db.close();
  };
  for (const statement of creations(version, 'INTEGER PRIMARY KEY AUTOINCREMENT')) await run(statement);
  return {
    address,
    run,
    async insert(table, ...rows) {
      const db = new BetterSqlite(address);
      db.transaction(() => {
        for (const row of rows) db.prepare(insertion(table, row, () => '?')).run(...Object.values(row));
      })();
      db.close();
    },
    dump: async () => dumpSqlite(address),
    async [Symbol.asyncDispose]() {
      dir[Symbol.dispose]();
    },
  };
}

async function openPostgres(version: GenroVersion): Promise<GenroDatabase> {
  const made = await createDatabase(inject('pgUrl') ?? '');
  const client = new pg.Client({ connectionString: made.url });
  await client.connect();
  for (const statement of creations(version, 'SERIAL PRIMARY KEY')) await client.query(statement);
  return {
    address: made.url,
    async run(statement) {
      await client.query(statement);
    },
    async insert(table, ...rows) {
      for (const row of rows) {
        await client.query(
          insertion(table, row, (at) => `$${at + 1}`),
          Object.values(row),
        );
      }
    },
    dump: () => dumpPostgres(made.url),
    async [Symbol.asyncDispose]() {
      await client.end();
      await made.drop();
    },
  };
}

function creations(version: GenroVersion, serial: string): readonly string[] {
  return Object.entries(tablesOf(version, serial)).map(
    ([table, columns]) => `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`,
  );
}

function insertion(table: string, row: Row, parameter: (at: number) => string): string {
  const names = Object.keys(row).map((name) => `"${name}"`);
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_, at) => parameter(at)).join(', ')})`;
}

/** The key that the original was run with. */
export const OLD_KEY = Buffer.alloc(32, 7);

/** Seal as the original did: AES-256-GCM, nothing bound to it. */
export function sealedByGenro(plain: string, key: Buffer = OLD_KEY): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return `ENC:${Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')}`;
}

/** A message as the original stored it. */
export function payloadOf(subject: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    from: 'shop@example.com',
    to: ['ann@example.org'],
    subject,
    body: 'Hello',
    content_type: 'plain',
    ...more,
  });
}

/** `YYYY-MM-DD HH:MM:SS`, as CURRENT_TIMESTAMP writes it. */
export function stamp(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
}
