// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isMailProxyError, planDatabase } from '@mail-proxy/core';
import type { Environment } from '../../env/environment.ts';
import { codeOf } from '../../env/error-code.ts';
import { readServerConfig, type ServerConfig } from '../../env/read-config.ts';
import { findMixins } from '../../mixins.ts';
import { type Finding, findings } from './finding.ts';

const FILES = 'files';
/** Files that nobody else may read, whatever the folder says. */
const SECRET_FILES = ['token', 'encryption.key', 'mail-proxy.db.key'] as const;
/** A database that cannot grow accepts nothing. */
const SCARCE_BYTES = 1_073_741_824;
const TOO_FEW_BYTES = 104_857_600;

/** The configuration as a server that starts here would read it, and the folder that it names. */
export async function checkFiles(env: Environment): Promise<readonly Finding[]> {
  const about = findings('files.config', FILES);
  let config: ServerConfig;
  try {
    config = readServerConfig(env);
  } catch (error) {
    if (!isMailProxyError(error)) throw error;
    return [about.problem(error.message.replaceAll('\n', '; '), 'Correct it: docs/reference/configuration.md')];
  }
  return [
    about.ok('the configuration can be read'),
    await checkFolder(config.dataDir),
    ...(await checkSecrets(config.dataDir)),
    await checkRoom(config.dataDir),
  ];
}

/** The database itself, where no server has it: changes nothing. */
export async function checkDatabase(env: Environment): Promise<Finding> {
  const about = findings('files.database', FILES);
  try {
    const { edition, engine } = readServerConfig(env);
    const { mixins } = await findMixins(edition);
    const pending = await planDatabase({ config: engine, mixins });
    if (pending.length === 0) return about.ok('the database can be opened, and its schema is up to date');
    return about.warning(
      `the database can be opened; ${pending.length} steps of its schema are missing`,
      'A server applies them when it starts; to see them: mail-proxy migrate --plan',
    );
  } catch (error) {
    if (!isMailProxyError(error)) throw error;
    return about.problem(`${error.message} (${error.code})`, 'Check GMP_DATA_DIR, GMP_DB_PATH or GMP_DATABASE_URL');
  }
}

async function checkFolder(folder: string): Promise<Finding> {
  const about = findings('files.folder', FILES);
  try {
    const { mode, uid } = await stat(folder);
    const owner = ownerProblem(uid);
    if (owner !== null) {
      const advice = 'Run the server and this program as the same user, or: chown -R';
      return about.warning(`${folder} belongs to ${owner}`, `${advice} ${folder}`);
    }
    if (isOpen(mode)) return about.warning(`${folder} is open to other users`, `chmod 700 ${folder}`);
    return about.ok(`${folder} is there, for its owner alone`);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return about.skipped(`${folder} is not there yet; the first start makes it`);
    return about.problem(`${folder} cannot be looked at (${codeOf(error)})`, 'Check its rights, and GMP_DATA_DIR');
  }
}

async function checkSecrets(folder: string): Promise<readonly Finding[]> {
  const about = findings('files.secrets', FILES);
  const open: string[] = [];
  for (const name of SECRET_FILES) {
    try {
      if (isOpen((await stat(join(folder, name))).mode)) open.push(join(folder, name));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        return [about.problem(`${join(folder, name)} cannot be looked at (${codeOf(error)})`, 'Check its rights')];
      }
    }
  }
  if (open.length === 0) return [];
  return [about.problem(`other users can read ${open.join(', ')}`, `chmod 600 ${open.join(' ')}`)];
}

async function checkRoom(folder: string): Promise<Finding> {
  const about = findings('files.room', FILES);
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const message = `${gibibytes(free)} GiB are free there`;
    const advice = 'Make room, or shorten what is kept: docs/guide/retention.md';
    if (free < TOO_FEW_BYTES) return about.problem(message, advice);
    return free < SCARCE_BYTES ? about.warning(message, advice) : about.ok(message);
  } catch (error) {
    return about.skipped(`how much room is free there cannot be told (${codeOf(error)})`);
  }
}

/** Windows has no such bits. */
function isOpen(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}

function ownerProblem(uid: number): string | null {
  const own = process.getuid?.();
  return own === undefined || own === 0 || own === uid ? null : `the user ${uid}, and this is ${own}`;
}

function gibibytes(bytes: number): string {
  return (bytes / 1_073_741_824).toFixed(1);
}
