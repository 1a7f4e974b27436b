// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync } from 'node:fs';
import { type Clock, systemClock } from '../clock.ts';
import type { EngineConfig, EngineConfigInput } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrations/migrate.ts';
import { openDatabase, parseDatabaseAddress } from '../database/open.ts';
import { createEncryptionKeyStore } from '../entities/encryption-key/encryption-key.store.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { MailProxyError } from '../errors.ts';
import type { Mixin } from '../mixin/contract.ts';
import { exportArchive } from '../transfer/export-archive.ts';
import { checkArchive, fillTarget, finishImport } from '../transfer/fill-target.ts';
import { type Manifest, readManifest } from '../transfer/manifest.ts';
import { beginImport, resumeImport } from '../transfer/prepare-target.ts';
import type { OnProgress } from '../transfer/progress.ts';
import { migrationLists, parseConfig } from './create-mail-engine.ts';
import { findSecretsKey } from './secrets-key.ts';
import { VERSION } from './version.ts';

/** Which database, and who looks on. */
export interface TransferOptions {
  /** As for an engine on that database. */
  readonly config: EngineConfigInput;
  /** Those that an engine on that database has: their tables move too. */
  readonly mixins?: readonly Mixin[];
  readonly clock?: Clock;
  readonly onProgress?: OnProgress;
}

export interface ExportOptions extends TransferOptions {
  /** New, or empty. */
  readonly folder: string;
  /** @defaultValue false */
  readonly gzip?: boolean;
}

export interface ImportOptions extends TransferOptions {
  /** What an export wrote. */
  readonly folder: string;
  /** Go on with an import that did not come to its end. @defaultValue false */
  readonly resume?: boolean;
  /** File of the key that the exported database used; it becomes the new database's key where that has none yet. */
  readonly sourceKeyFile?: string;
  /** Import although stored secrets will be unreadable. @defaultValue false */
  readonly allowUnreadableSecrets?: boolean;
}

/** What was moved. */
export interface TransferResult {
  readonly folder: string;
  /** Digest of the archive's manifest: the same for its export and its imports. */
  readonly archive: string;
  readonly rows: number;
  /** Rows by table. */
  readonly tables: Readonly<Record<string, number>>;
  /** Ids of keys that sealed secrets need and the new database does not have. */
  readonly unreadableKeys: readonly string[];
}

/**
 * Write all that a database holds into a folder, for {@link importDatabase}. No engine may have the database open.
 *
 * @throws {MailProxyError} `database_locked`, `target_not_empty`, `not_found` when there is no database, and others
 */
export async function exportDatabase(options: ExportOptions): Promise<TransferResult> {
  const { mixins = [], clock = systemClock, onProgress = ignore, folder, gzip = false } = options;
  const config = parseConfig(options.config);
  refuseMissingFile(config);
  await using database = await openDatabase<unknown>(config.database, { postgres: config.postgres });
  const { manifest, digest } = await exportArchive(
    { database, lists: migrationLists(mixins), clock, leaseMs: config.delivery.leaseMs, version: VERSION, onProgress },
    { folder, compression: gzip ? 'gzip' : 'none' },
  );
  return resultOf(folder, digest, manifest, []);
}

/**
 * Fill an empty database with what {@link exportDatabase} wrote, compare it row by row, and bring its schema up to date.
 * Until that is done no engine opens it; what was sent away in the middle goes on with `resume`.
 *
 * @throws {MailProxyError} `archive_damaged`, `target_not_empty`, `import_unfinished`, `sealed_with_unknown_key`,
 * `database_locked`, `mixin_required`, `schema_too_new`, and others
 */
export async function importDatabase(options: ImportOptions): Promise<TransferResult> {
  const { mixins = [], clock = systemClock, onProgress = ignore, folder, resume = false } = options;
  const config = parseConfig(options.config);
  refuseMemory(config);
  const archive = await readManifest(folder);
  const { manifest, digest } = archive;
  const key = await findSecretsKey(config, manifest.sealed, options);
  await checkArchive({ folder, manifest }, onProgress);
  await using database = await openDatabase<unknown>(config.database, { postgres: config.postgres });
  const lists = migrationLists(mixins);
  const parts = { database, lists, now: clock.now() };
  const target = resume ? await resumeImport(parts, archive) : await beginImport(parts, archive);
  await key.keep();
  await fillTarget(database, { folder, manifest }, { target, onProgress });
  await finishImport(database, { folder, manifest }, { target, onProgress });
  await migrate(database, lists, clock.now());
  await forgetKeys(database, key.unreadable);
  return resultOf(folder, digest, manifest, key.unreadable);
}

/** They are known to be lost, so that the absence of these keys keeps no server from starting. */
async function forgetKeys(database: Database<unknown>, ids: readonly string[]): Promise<void> {
  const keys = createEncryptionKeyStore(database.withTables<CoreSchema>());
  for (const id of ids) await keys.forget(id);
}

function resultOf(
  folder: string,
  archive: string,
  { tables }: Manifest,
  unreadableKeys: readonly string[],
): TransferResult {
  return {
    folder,
    archive,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    tables: Object.fromEntries(tables.map(({ name, rows }) => [name, rows])),
    unreadableKeys,
  };
}

/** Opening would make an empty one. */
function refuseMissingFile(config: EngineConfig): void {
  refuseMemory(config);
  const address = parseDatabaseAddress(config.database);
  if (address.kind !== 'file' || existsSync(address.path)) return;
  throw new MailProxyError('not_found', { detail: `there is no database at ${address.path}` });
}

function refuseMemory({ database }: EngineConfig): void {
  if (parseDatabaseAddress(database).kind !== 'memory') return;
  throw new MailProxyError('invalid_config', { detail: 'database: a database in memory cannot be moved' });
}

function ignore(): void {
  // Nobody looks on.
}
