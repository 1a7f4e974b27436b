// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ContentCacheSettings } from '../attachments/cache/content-cache.types.ts';
import { createContentCache } from '../attachments/cache/create-content-cache.ts';
import { createLocalStorage } from '../attachments/storages/local.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { type EngineConfig, engineConfigSchema } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { sharedClock } from '../database/database-clock.ts';
import { CORE_MIGRATIONS } from '../database/migrations/index.ts';
import { migrate } from '../database/migrations/migrate.ts';
import type { MigrationList } from '../database/migrations/migration.ts';
import { prepareSchemaCheck } from '../database/migrations/schema-check.ts';
import { openDatabase, parseDatabaseAddress } from '../database/open.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { isMailProxyError, MailProxyError } from '../errors.ts';
import { type MakePk, pkGenerator } from '../identity.ts';
import type { Mixin } from '../mixin/contract.ts';
import { silentLog } from '../observability/log.ts';
import { validate } from '../operations/validate.ts';
import { createOutgoingHttp } from '../outgoing/outgoing-http.ts';
import { type KeySource, loadOrCreateKey } from '../secrets/key-file.ts';
import { createSealer, type Sealer } from '../secrets/sealer.ts';
import type { OpenSession } from '../smtp/pool-lane.ts';
import { refuseUnfinishedImport } from '../transfer/import-record.ts';
import { Engine } from './engine.ts';
import type { MailEngine, MailEngineOptions } from './engine.types.ts';
import { createLeases } from './leases.ts';
import { setUpMixins } from './set-up-mixins.ts';
import { createStores } from './stores.ts';

/**
 * Open a mail engine: the composition root. The database is opened and migrated; nothing is delivered before
 * {@link MailEngine.start}.
 *
 * @example
 * ```ts
 * await using engine = await createMailEngine({ config: { database: './mail.db' } });
 * await engine.start();
 * await engine.execute('accounts.create', { id: 'main', host: 'smtp.example.com', port: 465, user: 'u', password: 'p' });
 * await engine.submit([{ from: 'a@example.com', to: 'b@example.org', subject: 'Hello', text: 'Hi.' }]);
 * ```
 * @throws {MailProxyError} `invalid_config`, `database_locked`, `database_unavailable`, `schema_too_new`,
 * `import_unfinished`
 */
export async function createMailEngine(options: MailEngineOptions): Promise<MailEngine> {
  const config = parseConfig(options.config);
  const sealer = createSealer(await loadOrCreateKey(keySource(config)));
  const database = await openDatabase<CoreSchema>(config.database, { postgres: config.postgres });
  try {
    return await composeEngine({ ...options, config, database, sealer });
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/** What an engine is made of that the rest of the process gives it. */
export interface Composition extends Omit<MailEngineOptions, 'config'> {
  readonly config: EngineConfig;
  readonly database: Database<CoreSchema>;
  readonly sealer: Sealer;
  /** @defaultValue over the network */
  readonly openSession?: OpenSession;
  /** @defaultValue by the clock */
  readonly makePk?: MakePk;
}

/** Migrate an open database and put an engine on it; the engine disposes of it. */
export async function composeEngine(composition: Composition): Promise<MailEngine> {
  const { config, database, sealer, mixins = [], mixinConfig = {}, openSession } = composition;
  const { log = silentLog, clock: machineClock = systemClock, random = systemRandom, reportSink } = composition;
  // Migrations and mixins name the tables that they use.
  const anyTables = database as unknown as Database<unknown>;
  const clock = await sharedClock(anyTables, machineClock);
  const { makePk = pkGenerator(clock) } = composition;
  await refuseUnfinishedImport(anyTables);
  const lists = migrationLists(mixins);
  for (const step of await migrate(anyTables, lists, clock.now())) log.info(step, 'schema migrated');
  const stores = createStores({ database, sealer, clock, makePk, config });
  await stores.instances.ensure(config.instanceName, clock.now());
  await stores.tenants.ensureDefaultTenant(clock.now());
  const session = { number: () => 0 };
  const mixed = await setUpMixins(mixins, {
    database: anyTables,
    clock,
    log,
    config: mixinConfig,
    leasesOf: (mixin) =>
      createLeases(mixin, {
        store: stores.leases,
        clock,
        leaseMs: config.delivery.leaseMs,
        session: () => session.number(),
      }),
  });
  const engine = new Engine({
    config,
    database,
    checkSchema: prepareSchemaCheck(anyTables, lists),
    stores,
    mixed,
    makePk,
    clock,
    sealer,
    cache: await createContentCache({ clock, log, settings: cacheSettings(config) }),
    storageBackends: [createLocalStorage(config.attachments.roots), ...mixed.storages],
    machineTime: () => machineClock.now(),
    random,
    log,
    reportSink,
    openSession,
    http: createOutgoingHttp({ clock: machineClock, policy: config.outgoing }),
  });
  session.number = () => engine.session;
  return engine;
}

function cacheSettings({ cache }: EngineConfig): ContentCacheSettings {
  return {
    memoryMaxBytes: cache.memoryMaxMb * 1_048_576,
    memoryTtlMs: cache.memoryTtlSeconds * 1_000,
    diskDir: cache.diskDir ?? null,
    diskMaxBytes: cache.diskMaxMb * 1_048_576,
    diskTtlMs: cache.diskTtlSeconds * 1_000,
    diskThresholdBytes: cache.diskThresholdKb * 1_024,
  };
}

/** @throws {MailProxyError} `invalid_config` with every field that is wrong */
export function parseConfig(input: MailEngineOptions['config']): EngineConfig {
  try {
    return validate(engineConfigSchema, input);
  } catch (error) {
    if (!isMailProxyError(error, 'invalid_input')) throw error;
    throw new MailProxyError('invalid_config', { detail: error.message, problems: error.problems, cause: error });
  }
}

/** Where the key is that seals secrets: given, in a file that is named, or beside the file of the database. */
export function keySource({ database, encryptionKey, encryptionKeyFile }: EngineConfig): KeySource {
  if (encryptionKey !== undefined) return { key: encryptionKey, keyFile: '' };
  if (encryptionKeyFile !== undefined) return { keyFile: encryptionKeyFile };
  const address = parseDatabaseAddress(database);
  switch (address.kind) {
    case 'file':
      return { keyFile: `${address.path}.key` };
    case 'memory':
      return { key: memoryKey(), keyFile: '' };
    case 'postgres':
    case 'pool':
      throw new MailProxyError('invalid_config', {
        detail: 'encryptionKey or encryptionKeyFile is required with PostgreSQL: all instances need the same key',
      });
    default:
      return address satisfies never;
  }
}

/** A key for a database that is gone with the process. */
function memoryKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
}

/** All steps that this installation knows, core's first. */
export function migrationLists(mixins: readonly Mixin[]): readonly MigrationList[] {
  return [CORE_MIGRATIONS, ...mixins.flatMap(migrationsOf)];
}

function migrationsOf({ id, migrations }: Mixin): readonly MigrationList[] {
  return migrations === undefined ? [] : [{ namespace: id, migrations }];
}
