// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  type BackupFacts,
  checkBackup,
  copyKeys,
  isMailProxyError,
  MailProxyError,
  systemClock,
} from '@mail-proxy/core';
import { Command } from 'commander';
import type { Environment } from '../env/environment.ts';
import { readServerConfig } from '../env/read-config.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { configPath } from '../instances/instance.ts';
import { callServer } from './call-server.ts';
import type { CommandContext } from './command-context.ts';
import { type ConnectionFlags, connect } from './connection.ts';
import { addConnectionOptions } from './connection-options.ts';
import { findTarget } from './instance-target.ts';
import { reportFailure } from './report-failure.ts';
import { reportResult } from './report-result.ts';
import { withProgress } from './show-progress.ts';
import type { Streams } from './streams.ts';
import { UsageError } from './usage-error.ts';
import { writeBackup } from './write-backup.ts';

interface BackupFlags extends ConnectionFlags {
  readonly withKeys?: true;
  readonly force?: true;
  readonly config?: string;
  readonly json?: true;
}

/** Copy the database of a running server into a file. */
export function backupCommand(context: CommandContext): Command {
  const { finish } = context;
  const command = new Command('backup')
    .description('Copy the database of a running server into a file, while mail goes on')
    .argument('<file>', 'a new file; it is complete once it is there')
    .option('--with-keys', 'copy the encryption keys of this machine to <file>.key, too')
    .option('--force', 'replace a file that is there');
  addConnectionOptions(command);
  command
    .option('--config <file>', "the server's JSON file with settings, for --with-keys (GMP_CONFIG_FILE)")
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', HELP);
  return command.action(async (file: string) => {
    // The options above, and no others.
    const flags = command.opts() as BackupFlags;
    const target = resolve(file);
    try {
      finish(await backUp(target, flags, context));
    } catch (error) {
      if (!isMailProxyError(error)) throw error;
      finish(reportFailure(error, context));
    } finally {
      for (const end of ['.part', '.part.key', '.part-journal']) await rm(`${target}${end}`, { force: true });
    }
  });
}

/** The file gets its name when all of it is on disk and was read through: what is cut short leaves none. */
async function backUp(target: string, flags: BackupFlags, { env, streams }: CommandContext): Promise<ExitCode> {
  const part = `${target}.part`;
  refuseOld([target, ...(flags.withKeys === true ? [`${target}.key`] : [])], flags);
  const startedAt = systemClock.monotonic();
  const connection = await connect(flags, { env, streams });
  const result = await withProgress(streams.stderr, (show) =>
    callServer(connection, {
      method: 'POST',
      path: '/v1/instance/backup',
      body: {},
      onBody: async (body) => void (await writeBackup(body, part, show)),
    }),
  );
  if (result.kind !== 'streamed') {
    const code = reportResult(result, { connection, json: false, streams, env });
    streams.stderr.write('  No backup was made\n');
    return code;
  }
  const facts = await checkBackup(part);
  const keys = flags.withKeys === true ? await keysFor(facts, `${part}.key`, await configOf(flags, env)) : null;
  if (keys !== null) await rename(`${part}.key`, `${target}.key`);
  await rename(part, target);
  await syncFolder(dirname(target));
  const elapsedMs = systemClock.monotonic() - startedAt;
  await report({ target, facts, keys, elapsedMs, json: flags.json === true }, streams);
  return EXIT.ok;
}

function refuseOld(paths: readonly string[], { force }: BackupFlags): void {
  const there = paths.find(existsSync);
  if (there === undefined || force === true) return;
  throw new UsageError(`${there} is there already; name a new file, or add --force to replace it`);
}

/** Those of this machine, which must be the server's. */
async function keysFor(
  { keyIds }: BackupFacts,
  path: string,
  config: Parameters<typeof copyKeys>[0],
): Promise<readonly string[]> {
  await rm(path, { force: true });
  const ids = await copyKeys(config, path);
  const missing = keyIds.filter((id) => !ids.includes(id));
  if (missing.length === 0) return ids;
  throw new MailProxyError('sealed_with_unknown_key', {
    detail:
      `the server seals with the key ${missing.join(', ')}, and this machine has ${ids.join(', ')}. ` +
      'Run this where the server runs, with its settings; or leave --with-keys out. No backup was made.',
  });
}

/** Of the server that the flags name, else of the one that was chosen, where it is on this machine. */
async function configOf({ dataDir, config }: BackupFlags, env: Environment): Promise<Parameters<typeof copyKeys>[0]> {
  const target = await findTarget({ name: undefined, dataDir }, env);
  if (target.kind === 'elsewhere') {
    throw new UsageError(`${target.name} is a server elsewhere: run this there, or leave out --with-keys`);
  }
  const file = config ?? (target.name === null ? undefined : configPath(target.folder));
  return readServerConfig({
    ...env,
    GMP_DATA_DIR: target.folder,
    ...(file === undefined ? {} : { GMP_CONFIG_FILE: file }),
  }).engine;
}

interface Made {
  readonly target: string;
  readonly facts: BackupFacts;
  readonly keys: readonly string[] | null;
  readonly elapsedMs: number;
  readonly json: boolean;
}

async function report({ target, facts, keys, elapsedMs, json }: Made, { stdout }: Streams): Promise<void> {
  const { size } = await stat(target);
  const { instance, newestAt, messages, waiting, keyIds } = facts;
  const seconds = Math.round(elapsedMs) / 1_000;
  const newest = new Date(newestAt).toISOString();
  if (json) {
    const made = { file: target, bytes: size, instance, newest_at: newest, messages, waiting: waiting.count };
    const own = { key_ids: keyIds, key_file: keys === null ? null : `${target}.key` };
    stdout.write(`${JSON.stringify({ ...made, ...own, seconds }, null, 2)}\n`);
    return;
  }
  const mebibytes = (size / 1_048_576).toFixed(1);
  stdout.write(
    `backed up ${messages} messages, ${waiting.count} of them waiting (${mebibytes} MiB) in ${seconds.toFixed(1)} s; ` +
      `the copy was read through and is whole\n  ${target}\n`,
  );
  stdout.write(
    keys === null
      ? '  The encryption key is not in it: keep a copy of it elsewhere (see --with-keys), or its secrets stay shut\n'
      : `  ${target}.key opens its secrets: keep it apart from the backup\n`,
  );
  stdout.write('  Files in storages and folders are not in it, nor is the token\n');
}

/** A new name survives a power cut only once its folder is synced. Windows cannot and need not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const HELP = `
The server makes a copy of one moment beside its database and sends it; that needs room there for a second one. SQLite
only: PostgreSQL has pg_dump, and mail-proxy export works on both. The file holds mail: only you can read it.

Example:
  mail-proxy backup /backup/mail-proxy-2030-01-31.db --with-keys

Back with it, while no server runs:
  mail-proxy restore /backup/mail-proxy-2030-01-31.db
`;
