// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { realpath } from 'node:fs/promises';
import { AttachmentFailure } from '../attachment-failure.ts';
import { errnoOf } from '../errno.ts';
import { isWithin } from './contained-path.ts';
import { outside, toFileFailure } from './file-failure.ts';

/**
 * Folders where they lie, without links on the way. They are looked for once: a link that takes the place of one of
 * them later leads out of it, rather than moving it.
 */
export interface RealFolders {
  readonly paths: readonly string[];
}

/** A path without links in it, and the folders of which one holds it. */
export interface ContainedPath {
  readonly path: string;
  readonly folders: RealFolders;
}

/**
 * Find out where folders lie. Those that are not there are left out.
 *
 * @throws {AttachmentFailure} where none is left
 */
export async function locateFolders(folders: readonly string[]): Promise<RealFolders> {
  const found = await Promise.all(folders.map(locateFolder));
  const paths = found.filter((path) => path !== null);
  // A disk or share that is not mounted may look like this.
  if (paths.length === 0) throw new AttachmentFailure('unavailable', 'the folder that it has to lie in is not there');
  return { paths };
}

/**
 * Follow the links of a path, which has to end within these folders; links that stay there are fine.
 *
 * @throws {AttachmentFailure}
 */
export async function locateContained(path: string, folders: RealFolders): Promise<ContainedPath> {
  try {
    const located = { path: await realpath(path), folders };
    if (!isContained(located.path, folders)) throw outside();
    return located;
  } catch (error) {
    throw toFileFailure(error);
  }
}

export function isContained(path: string, { paths }: RealFolders): boolean {
  return paths.some((folder) => isWithin(folder, path));
}

async function locateFolder(folder: string): Promise<string | null> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw toFileFailure(error);
  }
}
