// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { constants, type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import { errnoOf } from '../errno.ts';
import { notRegular, outside, toFileFailure } from './file-failure.ts';
import { type ContainedPath, isContained } from './locate-contained.ts';

/** A regular file, open for reading. */
export interface OpenFile {
  readonly file: FileHandle;
  readonly sizeBytes: number;
}

/** A FIFO without a writer, or a device, would keep us waiting. Windows knows neither flag. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Open a file that was located. Since anything on its path may be swapped meanwhile, what counts is where the file lies
 * that was opened. A hard link cannot be told from the file: who can make one in a folder had access to the file.
 *
 * @throws {AttachmentFailure}
 */
export async function openContained(located: ContainedPath): Promise<OpenFile> {
  try {
    // To open a device can be an action, such as to rewind a tape.
    if (!(await lstat(located.path)).isFile()) throw notRegular();
    return await openRegular(located.path, async (file) => {
      if (!(await liesWithin(file, located))) throw outside();
    });
  } catch (error) {
    throw toFileFailure(error);
  }
}

/** Open a regular file, and nothing else that may have its name by now; a file that `check` throws at is closed. */
export async function openRegular(path: string, check: (file: FileHandle) => Promise<void>): Promise<OpenFile> {
  const file = await open(path, FLAGS);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw notRegular();
    await check(file);
    return { file, sizeBytes: found.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function liesWithin(file: FileHandle, located: ContainedPath): Promise<boolean> {
  const path = await pathOfOpened(file);
  return path === null ? await liesWithinStill(file, located) : isContained(path, located.folders);
}

/** The kernel's word for where the file lies; that of a file that was deleted ends in a note. */
async function pathOfOpened(file: FileHandle): Promise<string | null> {
  try {
    return await readlink(`/proc/self/fd/${file.fd}`);
  } catch (error) {
    // Not Linux, or /proc is not mounted.
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Where nobody tells: whether the path leads to the same file still, and without leaving the folders. */
export async function liesWithinStill(file: FileHandle, { path, folders }: ContainedPath): Promise<boolean> {
  if (!isContained(await realpath(path), folders)) return false;
  const [opened, named] = await Promise.all([file.stat({ bigint: true }), stat(path, { bigint: true })]);
  return opened.dev === named.dev && opened.ino === named.ino;
}
