// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync } from 'node:fs';
import { type Clock, systemClock } from '../clock.ts';
import type { EngineConfigInput } from '../config/engine-config.ts';
import { migrate } from '../database/migrations/migrate.ts';
import { type PlannedStep, planMigrations } from '../database/migrations/plan.ts';
import { openDatabase, parseDatabaseAddress } from '../database/open.ts';
import type { Mixin } from '../mixin/contract.ts';
import { refuseUnfinishedImport } from '../transfer/import-record.ts';
import { migrationLists, parseConfig } from './create-mail-engine.ts';

export interface MigrateOptions {
  /** As for an engine on that database. */
  readonly config: EngineConfigInput;
  readonly mixins?: readonly Mixin[];
  readonly clock?: Clock;
}

/** A step that was applied just now. */
export interface MigratedStep {
  readonly namespace: string;
  readonly number: number;
  readonly name: string;
}

/**
 * Bring a database up to date, as an engine does when it opens it. A file is made where there is none.
 *
 * @throws {MailProxyError} `database_locked`, `database_unavailable`, `schema_too_new`, `import_unfinished`
 */
export async function migrateDatabase(options: MigrateOptions): Promise<readonly MigratedStep[]> {
  const { mixins = [], clock = systemClock } = options;
  const { database: address, postgres } = parseConfig(options.config);
  await using database = await openDatabase<unknown>(address, { postgres });
  await refuseUnfinishedImport(database);
  return await migrate(database, migrationLists(mixins), clock.now());
}

/**
 * Say what {@link migrateDatabase} would do. Changes nothing, and works beside running engines.
 *
 * @throws {MailProxyError} `database_unavailable`, `schema_too_new`, `import_unfinished`
 */
export async function planDatabase({ config, mixins = [] }: MigrateOptions): Promise<readonly PlannedStep[]> {
  const { database: address, postgres } = parseConfig(config);
  const place = parseDatabaseAddress(address);
  const exists = place.kind !== 'file' || existsSync(place.path);
  await using database = await openDatabase<unknown>(exists ? address : ':memory:', {
    readOnly: exists && place.kind !== 'memory',
    postgres,
  });
  await refuseUnfinishedImport(database);
  return await planMigrations(database, migrationLists(mixins));
}
