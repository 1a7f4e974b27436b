// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { systemClock, systemRandom } from '../clock.ts';
import { type EngineConfig, engineConfigSchema } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { CORE_MIGRATIONS } from '../database/migrations/index.ts';
import { migrate } from '../database/migrations/migrate.ts';
import { openDatabase, parseDatabaseAddress } from '../database/open.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { isMailProxyError, MailProxyError } from '../errors.ts';
import { pkGenerator } from '../identity.ts';
import type { Mixin } from '../mixin/contract.ts';
import { silentLog } from '../observability/log.ts';
import { validate } from '../operations/validate.ts';
import { type KeySource, loadOrCreateKey } from '../secrets/key-file.ts';
import { createSealer } from '../secrets/sealer.ts';
import { Engine } from './engine.ts';
import type { MailEngine, MailEngineOptions } from './engine.types.ts';
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
 * @throws {MailProxyError} `invalid_config`, `database_locked`, `database_unavailable`, `schema_too_new`
 */
export async function createMailEngine(options: MailEngineOptions): Promise<MailEngine> {
  const config = parseConfig(options.config);
  const { mixins = [], log = silentLog, clock = systemClock, random = systemRandom } = options;
  const sealer = createSealer(await loadOrCreateKey(keySource(config)));
  const database = await openDatabase<CoreSchema>(config.database, config.postgres);
  // Migrations and mixins name the tables that they use.
  const anyTables = database as unknown as Database<unknown>;
  try {
    await migrate(anyTables, [CORE_MIGRATIONS, ...mixins.flatMap(migrationsOf)], clock.now());
    const makePk = pkGenerator(clock);
    const stores = createStores({ database, sealer, clock, makePk, config });
    await stores.instances.ensure(config.instanceName, clock.now());
    await stores.tenants.ensureDefaultTenant(clock.now());
    const mixed = await setUpMixins(mixins, {
      database: anyTables,
      clock,
      log,
      config: options.mixinConfig ?? {},
    });
    return new Engine({
      config,
      database,
      stores,
      mixed,
      makePk,
      clock,
      random,
      log,
      reportSink: options.reportSink,
    });
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

function parseConfig(input: MailEngineOptions['config']): EngineConfig {
  try {
    return validate(engineConfigSchema, input);
  } catch (error) {
    if (!isMailProxyError(error, 'invalid_input')) throw error;
    throw new MailProxyError('invalid_config', { detail: error.message, problems: error.problems, cause: error });
  }
}

function keySource({ database, encryptionKey, encryptionKeyFile }: EngineConfig): KeySource {
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

function migrationsOf({ id, migrations }: Mixin): { namespace: string; migrations: NonNullable<typeof migrations> }[] {
  return migrations === undefined ? [] : [{ namespace: id, migrations }];
}
