// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type BackupFacts, isSameInstallation, readBackupFacts } from '../backup/backup-facts.ts';
import { type FoundRepeats, findRepeats } from '../backup/may-repeat.ts';
import { placeRestored } from '../backup/place-restored.ts';
import { prepareRestored } from '../backup/prepare-restored.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { EngineConfig, EngineConfigInput } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { readAppliedSteps } from '../database/migrations/applied.ts';
import { openDatabase, parseDatabaseAddress } from '../database/open.ts';
import { closeLog, findDamage } from '../database/sqlite/database-file.ts';
import { lockFile } from '../database/sqlite/hold-lock.ts';
import { preparedPath } from '../database/sqlite/restore-places.ts';
import { createEncryptionKeyStore } from '../entities/encryption-key/encryption-key.store.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { MailProxyError } from '../errors.ts';
import type { Mixin } from '../mixin/contract.ts';
import { createKeyFile } from '../secrets/key-file.ts';
import { readKeySource } from '../secrets/key-source.ts';
import { keyIdOf } from '../secrets/key-text.ts';
import { listsAsApplied } from '../transfer/own-tables.ts';
import type { SealedValues } from '../transfer/sealed-values.ts';
import { migrationLists, parseConfig, sealedColumns } from './create-mail-engine.ts';
import { countSealed, keySource } from './open-keys.ts';
import { keysFor, type RestoredKeyOptions } from './restore-keys.ts';

/** How far a restore is. */
export type RestoreStep = 'checked' | 'copied' | 'prepared' | 'committed' | 'moved' | 'placed';

export interface RestoreOptions extends RestoredKeyOptions {
  /** As for an engine on the database that is made. */
  readonly config: EngineConfigInput;
  readonly mixins?: readonly Mixin[];
  readonly clock?: Clock;
  readonly onStep?: (step: RestoreStep) => void;
}

export interface RestoreResult extends FoundRepeats {
  readonly database: string;
  /** Where the database is that was there before; null where there was none. */
  readonly replaced: string | null;
  readonly backup: BackupFacts;
  /** Ids of keys that sealed secrets need and that are not here. */
  readonly unreadableKeys: readonly string[];
}

/**
 * Read a copy of a database through: its pages, its indexes, and whether it is one of this program.
 *
 * @throws {MailProxyError} `archive_damaged`, `not_found`
 */
export async function checkBackup(path: string): Promise<BackupFacts> {
  refuseMissing(path);
  const damage = findDamage(path);
  if (damage !== null) throw new MailProxyError('archive_damaged', { detail: `${path} is damaged: ${damage}` });
  await using database = await openDatabase<unknown>(path, { readOnly: true });
  return await readBackupFacts(database);
}

/**
 * Write the encryption keys of an installation into a file that does not exist yet.
 *
 * @returns their ids
 * @throws {MailProxyError} `not_found` where there is no key, `invalid_config`
 */
export async function copyKeys(config: EngineConfigInput, path: string): Promise<readonly string[]> {
  const keys = await readKeySource(keySource(parseConfig(config)));
  if (keys === null) throw new MailProxyError('not_found', { detail: 'there is no encryption key here' });
  return (await createKeyFile(path, keys)).map(keyIdOf);
}

/**
 * Put a backup where an engine looks for its database. It is paused, so that nothing is sent before somebody has looked
 * at what may be sent a second time; a database that is there is moved aside.
 *
 * @throws {MailProxyError} `database_locked` while a server runs, `target_not_empty`, `archive_damaged`,
 * `sealed_with_unknown_key`, `unsupported` on PostgreSQL, and others
 */
export async function restoreDatabase(options: RestoreOptions): Promise<RestoreResult> {
  const { mixins = [], file, force = false, clock = systemClock, onStep = ignore } = options;
  const config = parseConfig(options.config);
  const path = pathOf(config);
  refuseMissing(file);
  using _ = lockFile(path);
  if (existsSync(path) && !force) {
    throw new MailProxyError('target_not_empty', {
      detail: `there is a database at ${path}. With --force it is moved aside, and kept.`,
    });
  }
  const prepared = preparedPath(path);
  try {
    await copyDurably(file, prepared);
    onStep('copied');
    const backup = await checkBackup(prepared);
    const keys = await keysFor(config, await sealedIn(prepared, mixins), options);
    onStep('checked');
    const now = clock.now();
    const found = await prepare(prepared, existsSync(path) ? path : null, { now, unreadable: keys.unreadable });
    onStep('prepared');
    const replaced = await placeRestored({ database: path, now, onStep }, (aside) => keys.place(aside));
    return { ...found, database: path, replaced, backup, unreadableKeys: keys.unreadable };
  } finally {
    await removeDatabase(prepared);
  }
}

/** @throws {MailProxyError} `schema_too_new`, `mixin_required` where this installation could not use it */
async function sealedIn(path: string, mixins: readonly Mixin[]): Promise<readonly SealedValues[]> {
  await using database = await openDatabase<unknown>(path, { readOnly: true });
  const lists = migrationLists(mixins);
  listsAsApplied(lists, await readAppliedSteps(database), 'the backup');
  return await countSealed(database, sealedColumns(mixins));
}

/** Make the copy ready to take its place, and find what it would send. */
async function prepare(
  prepared: string,
  old: string | null,
  { now, unreadable }: { readonly now: number; readonly unreadable: readonly string[] },
): Promise<FoundRepeats> {
  let found: FoundRepeats;
  {
    await using restored = await openDatabase<unknown>(prepared);
    await using replaced = old === null ? null : await openReplaced(old, restored);
    const keys = createEncryptionKeyStore(restored.withTables<CoreSchema>());
    for (const id of unreadable) await keys.forget(id);
    found = await findRepeats(restored, replaced);
    await prepareRestored(restored, { now, replaced });
  }
  closeLog(prepared);
  return found;
}

/** A damaged database is often the reason for a restore, and one of another installation knows nothing of this mail. */
async function openReplaced(path: string, restored: Database<unknown>): Promise<Database<unknown> | null> {
  if (findDamage(path) !== null) return null;
  const replaced = await openDatabase<unknown>(path, { readOnly: true });
  if (await isSameInstallation(replaced, restored)) return replaced;
  await replaced[Symbol.asyncDispose]();
  return null;
}

function pathOf({ database }: EngineConfig): string {
  const address = parseDatabaseAddress(database);
  if (address.kind === 'file') return address.path;
  throw new MailProxyError('unsupported', {
    detail:
      address.kind === 'memory'
        ? 'a database in memory is not restored'
        : 'PostgreSQL restores its own backups: use pg_restore, or mail-proxy import into an empty database',
  });
}

function refuseMissing(path: string): void {
  if (existsSync(path)) return;
  throw new MailProxyError('not_found', { detail: `there is no file ${path}` });
}

/** For its owner only, with what its log holds where there is one, and on disk. */
async function copyDurably(from: string, to: string): Promise<void> {
  await removeDatabase(to);
  for (const end of ['', '-wal']) {
    if (!existsSync(`${from}${end}`)) continue;
    await pipeline(createReadStream(`${from}${end}`), createWriteStream(`${to}${end}`, { mode: 0o600, flush: true }));
  }
}

async function removeDatabase(path: string): Promise<void> {
  for (const end of ['', '-wal', '-shm', '-journal', '.lock']) await rm(`${path}${end}`, { force: true });
}

function ignore(): void {
  // Nobody looks on.
}
