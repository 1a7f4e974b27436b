// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import type { EngineConfig, EngineConfigInput } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrations/migrate.ts';
import { openDatabase, parseDatabaseAddress } from '../database/open.ts';
import { keyIdOf } from '../entities/api-key/api-key.token.ts';
import { authPlace } from '../entities/message/draft-attachment.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { MailProxyError } from '../errors.ts';
import { Findings, type GenroCount, type GenroFinding, type GenroKind } from '../genro/findings.ts';
import { countRows, expectReadableSecrets, takeAll } from '../genro/import-genro.ts';
import { prepareOldKeys } from '../genro/old-keys.ts';
import { createOldSecrets } from '../genro/old-secrets.ts';
import { type GenroSource, openGenroSource } from '../genro/source.ts';
import { prepareTakeStatements } from '../genro/take-statements.ts';
import { type MakePk, pkGenerator } from '../identity.ts';
import type { Mixin } from '../mixin/contract.ts';
import { sealDraft } from '../queue/seal-draft.ts';
import { newKey } from '../secrets/key-file.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { readKeySource } from '../secrets/key-source.ts';
import { textOfKey } from '../secrets/key-text.ts';
import { createSealer } from '../secrets/sealer.ts';
import { refuseUnfinishedImport } from '../transfer/import-record.ts';
import { refuseLiveSessions } from '../transfer/live-sessions.ts';
import { type OnProgress, PhaseProgress } from '../transfer/progress.ts';
import { composeEngine, migrationLists, parseConfig, sealedColumns } from './create-mail-engine.ts';
import type { MailEngine } from './engine.types.ts';
import { keySource, openKeys } from './open-keys.ts';
import { createStores } from './stores.ts';

export interface GenroImportOptions {
  /** As for an engine on the database that is filled. */
  readonly config: EngineConfigInput;
  /** A path, or `postgres://...`: the database of genro-mail-proxy, which is only read. */
  readonly source: string;
  /** The key that it was run with; null where it had none. @defaultValue null */
  readonly sourceKey?: KeyObject | null;
  /** Take the rest where secrets cannot be opened. @defaultValue false */
  readonly allowUnreadableSecrets?: boolean;
  /** Find out what would come of it, with a database that is thrown away. @defaultValue false */
  readonly dryRun?: boolean;
  readonly mixins?: readonly Mixin[];
  /** Settings of mixins, by their ids. @defaultValue none */
  readonly mixinConfig?: Readonly<Record<string, unknown>>;
  readonly clock?: Clock;
  readonly onProgress?: OnProgress;
}

/** What became of everything in the source. */
export interface GenroImportResult {
  readonly source: Pick<GenroSource, 'kind' | 'schema'>;
  readonly counts: Readonly<Record<GenroKind, GenroCount>>;
  /** What was not taken, and what was taken otherwise than it was. */
  readonly not_taken: readonly GenroFinding[];
  readonly changed: readonly GenroFinding[];
}

/**
 * Take over what a genro-mail-proxy of version 0.6 or 0.7 has in its database. No engine may have the new one open. What
 * is in there already stays as it is: a run that was cut short is made up by the same one again.
 *
 * @throws {MailProxyError} `invalid_config`, `sealed_with_unknown_key`, `database_locked`, `database_unavailable`, and others
 */
export async function importGenro(options: GenroImportOptions): Promise<GenroImportResult> {
  const { source: address, sourceKey = null, allowUnreadableSecrets = false, dryRun = false } = options;
  const config = parseConfig(options.config);
  refuseSame(config, address);
  await using source = await openGenroSource(address);
  const secrets = createOldSecrets(sourceKey);
  if (!allowUnreadableSecrets) await expectReadableSecrets({ source, secrets });
  if (!dryRun) return await take({ ...options, config }, source);
  const folder = await mkdtemp(join(tmpdir(), 'mail-proxy-dry-run-'));
  try {
    return await take({ ...options, config: inFolder(config, folder) }, source);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Taking = Omit<GenroImportOptions, 'config'> & { readonly config: EngineConfig };

async function take(options: Taking, source: GenroSource): Promise<GenroImportResult> {
  const { config, mixins = [], clock = systemClock, onProgress = () => undefined } = options;
  const makePk = pkGenerator(clock);
  const { engine, database, ring } = await openIdle({ ...options, clock, makePk });
  await using _engine = engine;
  const sealer = createSealer(ring, sealedColumns(mixins));
  const stores = createStores({ database, sealer, ring, clock, makePk, config });
  const oldKeys = prepareOldKeys(database);
  const findings = new Findings();
  const progress = new PhaseProgress('import', await countRows({ source }), onProgress);
  const caller = { principal: { kind: 'admin', name: 'import-genro' }, origin: 'import' } as const;
  const { contentSealer } = stores;
  await takeAll({
    source,
    secrets: createOldSecrets(options.sourceKey ?? null),
    run: (operation, input) => engine.execute(operation, input, caller),
    mixins: engine.mixins,
    clock,
    findings,
    onRows: (table, rows) => progress.of(table)(rows),
    adoptKey: (key) => oldKeys.adopt(key, clock.now()),
    forgetKey: async (token) => {
      const id = keyIdOf(token);
      if (id !== null) await oldKeys.forget(id);
    },
    database,
    statements: prepareTakeStatements(database),
    accepting: stores.acceptInUnit,
    accountOf: (tenantId, accountId) => stores.accounts.resolve(tenantId, accountId),
    storagesOf: (tenantId) => stores.storages.names(tenantId),
    makePk,
    sealAuth: (auth, place) => sealer.seal(JSON.stringify(auth), authPlace(place)),
    sealDraft: contentSealer.isOn ? (draft) => sealDraft(draft, contentSealer) : undefined,
    maxAgeMs: config.retry.maxAgeMs,
    idsMs: config.retention.idsDays * 86_400_000,
  });
  const { kind, schema } = source;
  return { source: { kind, schema }, counts: findings.counts, ...findings.reasons };
}

/** An engine that does not send, on a database on which no other does. */
async function openIdle({
  config,
  mixins = [],
  mixinConfig = {},
  clock,
  makePk,
}: Taking & { readonly clock: Clock; readonly makePk: MakePk }): Promise<{
  readonly engine: MailEngine;
  readonly database: Database<CoreSchema>;
  readonly ring: KeyRing;
}> {
  const keys = keySource(config);
  const found = await readKeySource(keys);
  const database = await openDatabase<CoreSchema>(config.database, { postgres: config.postgres });
  try {
    const anyTables = database as unknown as Database<unknown>;
    await refuseUnfinishedImport(anyTables);
    const ring = await openKeys(anyTables, keys, { found, columns: sealedColumns(mixins) });
    await migrate(anyTables, migrationLists(mixins), clock.now());
    await refuseLiveSessions(anyTables, { now: clock.now(), leaseMs: config.delivery.leaseMs });
    const engine = await composeEngine({ config, database, ring, source: keys, mixins, mixinConfig, clock, makePk });
    return { engine, database, ring };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/** With a key that is nowhere else, so that nothing of it can be read once it is gone. */
function inFolder(config: EngineConfig, folder: string): EngineConfig {
  const { encryptionKeyFile: _, encryptionKeyCommand: __, ...rest } = config;
  return parseConfig({ ...rest, database: join(folder, 'dry-run.db'), encryptionKey: textOfKey(newKey()) });
}

/** The tables of both have the same names. */
function refuseSame({ database, postgres }: EngineConfig, source: string): void {
  const [to, from] = [parseDatabaseAddress(database), parseDatabaseAddress(source)];
  const isMemory = to.kind === 'memory';
  const isSameFile = to.kind === 'file' && from.kind === 'file' && resolve(to.path) === resolve(from.path);
  const isSameServer = to.kind === 'postgres' && from.kind === 'postgres' && placeOf(to.url) === placeOf(from.url);
  if (isMemory)
    throw new MailProxyError('invalid_config', { detail: 'database: one in memory is gone after the import' });
  if (!isSameFile && !(isSameServer && (postgres.schema ?? 'public') === 'public')) return;
  throw new MailProxyError('invalid_config', {
    detail: 'database: the source itself, which is only read; name a new one for what is taken',
  });
}

function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
