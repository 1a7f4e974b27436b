// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { realpath } from 'node:fs/promises';
import { AttachmentFailure } from '../attachment-failure.ts';
import { errnoOf } from '../errno.ts';
import { isWithin } from './contained-path.ts';
import { outside, toFileFailure } from './file-failure.ts';

/** A path without links in it, and the folders, without links too, of which one holds it. */
export interface ContainedPath {
  readonly path: string;
  readonly folders: readonly string[];
}

/**
 * Follow the links of a path, which has to end below one of these folders; links within a folder are fine.
 *
 * @throws {AttachmentFailure}
 */
export async function locateContained(path: string, folders: readonly string[]): Promise<ContainedPath> {
  const real = await realFolders(folders);
  const located = { path: await realpath(path).catch(rethrow), folders: real };
  if (!isContained(located.path, real)) throw outside();
  return located;
}

export function isContained(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isWithin(folder, path));
}

async function realFolders(folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(folders.map(realFolder));
  const real = found.filter((folder) => folder !== null);
  // A disk or share that is not mounted looks like this.
  if (real.length === 0) throw new AttachmentFailure('unavailable', 'the folder that it has to lie in is not there');
  return real;
}

async function realFolder(folder: string): Promise<string | null> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw toFileFailure(error);
  }
}

function rethrow(error: unknown): never {
  throw toFileFailure(error);
}
