// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type EngineConfigInput, isMailProxyError, type Mixin } from '@mail-proxy/core';
import { Command } from 'commander';
import { makeDataFolder } from '../env/data-folder.ts';
import { type Environment, variableOf } from '../env/environment.ts';
import { readServerConfig } from '../env/read-config.ts';
import type { ExitCode } from '../exit-codes.ts';
import { configPath } from '../instances/instance.ts';
import { findMixins } from '../mixins.ts';
import type { CommandContext } from './command-context.ts';
import { findTarget } from './instance-target.ts';
import { reportFailure } from './report-failure.ts';
import { UsageError } from './usage-error.ts';

/** Flags that every command on the database has. */
export interface DatabaseFlags {
  readonly dataDir?: string;
  readonly config?: string;
  readonly json?: true;
}

/** The database that `serve` would use with the same settings, and the mixins whose tables it has. */
export interface DatabaseSettings {
  readonly config: EngineConfigInput;
  readonly mixins: readonly Mixin[];
  /** Settings of mixins, by their ids. */
  readonly mixinConfig: Readonly<Record<string, unknown>>;
  /** Make the data folder, where a new database and its key will lie. */
  readonly makeFolder: () => Promise<void>;
}

/** A command that works on the database itself, with the settings of the server. */
export function databaseCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--data-dir <folder>', "the server's data folder (GMP_DATA_DIR, ./data)")
    .option('--config <file>', "the server's JSON file with settings (GMP_CONFIG_FILE)")
    .option('--json', 'print the result as one JSON object');
}

/**
 * Read the settings as the server does, run, and say what failed and what to do about it.
 *
 * @param run - answers with the exit code
 */
export async function withDatabase(
  flags: DatabaseFlags,
  context: CommandContext,
  run: (settings: DatabaseSettings) => Promise<ExitCode>,
): Promise<void> {
  const { env, finish } = context;
  try {
    const {
      dataDir,
      edition,
      engine,
      mixins: mixinConfig,
    } = readServerConfig({
      ...env,
      ...(await ofChosen(flags, env)),
      ...(flags.dataDir === undefined ? {} : { GMP_DATA_DIR: flags.dataDir }),
      ...(flags.config === undefined ? {} : { GMP_CONFIG_FILE: flags.config }),
    });
    const { mixins } = await findMixins(edition);
    finish(await run({ config: engine, mixins, mixinConfig, makeFolder: () => makeDataFolder(dataDir) }));
  } catch (error) {
    if (!isMailProxyError(error)) throw error;
    finish(reportFailure(error, context));
  }
}

/** Variables that say which database it is. */
const PLACES = ['GMP_DATA_DIR', 'GMP_DATABASE_URL', 'GMP_DB_PATH', 'GMP_CONFIG_FILE'];

/**
 * Without a place, it is the instance that was chosen with `use`, as for `serve`.
 *
 * @throws {UsageError} where that is on another machine
 */
async function ofChosen({ dataDir, config }: DatabaseFlags, env: Environment): Promise<Environment> {
  const isNamed = dataDir !== undefined || config !== undefined || PLACES.some((name) => variableOf(env, name));
  if (isNamed) return {};
  const target = await findTarget({ name: undefined }, env);
  if (target.kind === 'elsewhere') {
    throw new UsageError(
      `${target.name} is a server elsewhere: run this there, or name a data folder of this machine with --data-dir`,
    );
  }
  if (target.name === null) return {};
  return { GMP_DATA_DIR: target.folder, GMP_CONFIG_FILE: configPath(target.folder) };
}
