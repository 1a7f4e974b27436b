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
import { openDatabase } from '../database/open.ts';
import { prepareAppendEvents, type Written } from '../entities/message-event/append-events.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { CONTENT_COLUMNS, CORE_SEALED_COLUMNS } from '../entities/sealed-columns.ts';
import { isMailProxyError, MailProxyError } from '../errors.ts';
import { type MakePk, pkGenerator } from '../identity.ts';
import type { Mixin } from '../mixin/contract.ts';
import { silentLog } from '../observability/log.ts';
import { createTraces } from '../observability/traces.ts';
import { validate } from '../operations/validate.ts';
import { createOutgoingHttp } from '../outgoing/outgoing-http.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { type KeySource, readKeySource } from '../secrets/key-source.ts';
import { createMacs } from '../secrets/macs.ts';
import type { SealedColumn } from '../secrets/sealed-columns.ts';
import { createSealer } from '../secrets/sealer.ts';
import type { OpenSession } from '../smtp/pool-lane.ts';
import { refuseUnfinishedImport } from '../transfer/import-record.ts';
import { EncryptionSide } from './encryption-side.ts';
import { Engine } from './engine.ts';
import type { MailEngine, MailEngineOptions } from './engine.types.ts';
import { createLeases } from './leases.ts';
import { createMixinOutgoing } from './mixin-outgoing.ts';
import { keySource, openKeys } from './open-keys.ts';
import { setUpMixins } from './set-up-mixins.ts';
import { createStores } from './stores.ts';
import { createSuppressions } from './suppression-side.ts';
import { VERSION } from './version.ts';

/**
 * A process that stands still in the middle of a transaction keeps its rows from all others: for as long as its lease,
 * after which nothing that it writes counts any more, and no shorter than this, for which a busy machine may stop.
 */
const MIN_IDLE_MS = 5_000;

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
 * `import_unfinished`, `sealed_with_unknown_key`
 */
export async function createMailEngine(options: MailEngineOptions): Promise<MailEngine> {
  const config = parseConfig(options.config);
  const source = keySource(config);
  // Before a database is made.
  const found = await readKeySource(source);
  const { leaseMs } = config.delivery;
  const idleMs = Math.max(leaseMs, MIN_IDLE_MS);
  const database = await openDatabase<CoreSchema>(config.database, { postgres: config.postgres, idleMs });
  try {
    const columns = sealedColumns(options.mixins ?? []);
    // As in composeEngine.
    const anyTables = database as unknown as Database<unknown>;
    await refuseUnfinishedImport(anyTables);
    const ring = await openKeys(anyTables, source, { found, columns });
    return await composeEngine({ ...options, config, database, ring, source });
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/** What an engine is made of that the rest of the process gives it. */
export interface Composition extends Omit<MailEngineOptions, 'config'> {
  readonly config: EngineConfig;
  readonly database: Database<CoreSchema>;
  readonly ring: KeyRing;
  /** Where the keys are read anew. @defaultValue nowhere */
  readonly source?: KeySource;
  /** @defaultValue over the network */
  readonly openSession?: OpenSession;
  /** @defaultValue by the clock */
  readonly makePk?: MakePk;
}

/** Migrate an open database and put an engine on it; the engine disposes of it. */
export async function composeEngine(composition: Composition): Promise<MailEngine> {
  const { config, database, ring, source = null, mixins = [], mixinConfig = {}, openSession } = composition;
  const columns = sealedColumns(mixins);
  const sealer = createSealer(ring, columns);
  const { log = silentLog, clock: machineClock = systemClock, random = systemRandom, reportSink } = composition;
  // Migrations and mixins name the tables that they use.
  const anyTables = database as unknown as Database<unknown>;
  const clock = await sharedClock(anyTables, machineClock);
  const { makePk = pkGenerator(clock) } = composition;
  await refuseUnfinishedImport(anyTables);
  const lists = migrationLists(mixins);
  for (const step of await migrate(anyTables, lists, clock.now())) log.info(step, 'schema migrated');
  const stores = createStores({ database, sealer, ring, clock, makePk, config });
  // On disk before anything is sealed with it, so that no start without this key goes unnoticed.
  if (!(await stores.encryptionKeys.used()).includes(ring.sealingId)) {
    await stores.encryptionKeys.use(ring.sealingId, clock.now());
  }
  await stores.instances.ensure(config.instanceName, clock.now());
  await stores.tenants.ensureDefaultTenant(clock.now());
  const session = { number: () => 0 };
  const http = createOutgoingHttp({ clock: machineClock, policy: config.outgoing });
  const told = { written: (_: Written): void => undefined };
  const eventsFor = prepareAppendEvents({ database, clock, makePk, onWritten: (written) => told.written(written) });
  const mixed = await setUpMixins(mixins, {
    database: anyTables,
    sealer,
    sealsContents: config.contentEncryption,
    clock,
    random,
    makePk,
    outgoing: createMixinOutgoing({
      clock,
      http,
      policy: config.outgoing,
      policyOf: async (tenantId) => (await stores.tenants.attachmentTarget(tenantId))?.policy ?? null,
    }),
    log,
    config: mixinConfig,
    macsOf: (mixin, purpose) => createMacs(ring, `${mixin}:${purpose}`),
    eventsOf: ({ id, eventTypes = [] }) => eventsFor(eventTypes, id),
    suppressions: createSuppressions(stores),
    storages: { open: (tenantId, name) => stores.storages.open(tenantId, name) },
    leasesOf: (mixin) =>
      createLeases(mixin, {
        store: stores.leases,
        clock,
        leaseMs: config.delivery.leaseMs,
        isExclusive: database.dialect.isExclusive,
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
    encryption: new EncryptionSide({
      database: anyTables,
      columns,
      ring,
      source,
      sealer,
      keys: stores.encryptionKeys,
      onReplaced: () => stores.accounts.forget(),
      leaseMs: config.delivery.leaseMs,
      clock,
      log,
    }),
    cache: await createContentCache({ clock, log, settings: cacheSettings(config) }),
    storageBackends: [createLocalStorage(config.attachments.roots), ...mixed.storages],
    machineTime: () => machineClock.now(),
    random,
    log,
    reportSink,
    logThreshold: composition.logThreshold ?? null,
    traces: createTraces(VERSION, composition.tracerProvider),
    openSession,
    http,
  });
  session.number = () => engine.session;
  told.written = (written) => engine.eventWritten(written);
  return engine;
}

function cacheSettings({ cache, contentEncryption }: EngineConfig): ContentCacheSettings {
  return {
    memoryMaxBytes: cache.memoryMaxMb * 1_048_576,
    memoryTtlMs: cache.memoryTtlSeconds * 1_000,
    // Nothing that is sealed in the database lies beside it in clear.
    diskDir: contentEncryption ? null : (cache.diskDir ?? null),
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

/** All steps that this installation knows, core's first. */
export function migrationLists(mixins: readonly Mixin[]): readonly MigrationList[] {
  return [CORE_MIGRATIONS, ...mixins.flatMap(migrationsOf)];
}

function migrationsOf({ id, migrations }: Mixin): readonly MigrationList[] {
  return migrations === undefined ? [] : [{ namespace: id, migrations }];
}

/** All columns that hold secrets, core's and the mixins'. */
export function sealedColumns(mixins: readonly Mixin[]): readonly SealedColumn[] {
  return [...CORE_SEALED_COLUMNS, ...CONTENT_COLUMNS, ...mixins.flatMap(({ sealedColumns = [] }) => sealedColumns)];
}
