// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { access, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { MailProxyError } from '@mail-proxy/core';
import { makeDataFolder } from '../env/data-folder.ts';
import type { Environment } from '../env/environment.ts';
import { codeOf } from '../env/error-code.ts';
import { writeKept } from './kept-file.ts';
import { INSTANCE_NAME, instancesFolder } from './places.ts';

/** The instances that were made on this machine, by this user. */
export async function instanceNames(env: Environment): Promise<readonly string[]> {
  const folder = instancesFolder(env);
  if (folder === null) return [];
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((each) => each.isDirectory() && INSTANCE_NAME.test(each.name)).map(({ name }) => name);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Settings of a named instance, as GMP_CONFIG_FILE names them. */
export function configPath(folder: string): string {
  return join(folder, 'config.json');
}

/** What a named instance logs is kept here, too. */
export function logPath(folder: string): string {
  return join(folder, 'server.log');
}

/**
 * Make a named instance where there is none: its folder, and its settings with a port of its own.
 *
 * @param settings - what was said of it at its first start; kept
 */
export async function makeInstance(folder: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  await makeDataFolder(folder);
  if (await isThere(configPath(folder))) return;
  const port = settings['port'] ?? (await freePort());
  await writeKept(configPath(folder), `${JSON.stringify({ ...settings, port }, null, 2)}\n`);
}

/** The first port from this on that nobody listens on is an instance's own. */
const FIRST_PORT = 8000;
const PORTS = 1000;

async function freePort(): Promise<number> {
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS; port += 1) if (await isFree(port)) return port;
  throw new MailProxyError('invalid_config', { detail: 'no port from 8000 to 8999 is free; choose one with --port' });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Whether a file or folder is there. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
