// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readdir } from 'node:fs/promises';
import type { Environment } from '../env/environment.ts';
import { codeOf } from '../env/error-code.ts';
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
