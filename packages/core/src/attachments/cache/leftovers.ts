// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Dirent } from 'node:fs';
import { readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Files that no entry names are left by a process that died, or belong to one that is just writing them: it writes
 * more, or names them, long before this.
 */
const LEFTOVER_MS = 3_600_000;

export interface LeftoversOptions {
  readonly folder: string;
  /** Paths of the contents that entries name. */
  readonly named: ReadonlySet<string>;
  /** Wall time. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Folders of the library that hold bytes; it counts up their number when their form changes. */
const HOLDS_BYTES = /^(content-v\d+|tmp)$/;

/**
 * Remove files that nothing names, and folders that became empty: the library leaves up to 65,000 of these, each as
 * large as a block of the disk.
 *
 * @returns bytes of the files that nothing names and that are too young to be removed
 */
export async function removeLeftovers({ folder, named, now, signal }: LeftoversOptions): Promise<number> {
  let keptBytes = 0;
  const isUnused = async (path: string): Promise<boolean> => {
    if (signal.aborted || named.has(path)) return false;
    const sizeBytes = await removeOld(path, now);
    keptBytes += sizeBytes ?? 0;
    return sizeBytes === null;
  };
  for (const each of await listed(folder)) {
    if (!each.isDirectory()) continue;
    await prune(join(folder, each.name), HOLDS_BYTES.test(each.name) ? isUnused : async () => false);
  }
  return keptBytes;
}

/** @returns whether nothing is left in the folder */
async function prune(folder: string, removeUnused: (path: string) => Promise<boolean>): Promise<boolean> {
  let isEmpty = true;
  for (const each of await listed(folder)) {
    const path = join(folder, each.name);
    const isGone = each.isDirectory()
      ? (await prune(path, removeUnused)) && (await isRemoved(path))
      : await removeUnused(path);
    isEmpty &&= isGone;
  }
  return isEmpty;
}

/** @returns whether the folder is gone; not so when another process has just put something there */
async function isRemoved(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false;
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return true;
}

/** @returns bytes of the file where it stays, null where there is none any more */
async function removeOld(path: string, now: number): Promise<number | null> {
  try {
    const { mtimeMs, size } = await stat(path);
    if (now - mtimeMs < LEFTOVER_MS) return size;
    await unlink(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return null;
}

/** Nothing where another process has just removed the folder. */
async function listed(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
