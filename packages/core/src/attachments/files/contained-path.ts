// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isAbsolute, normalize, relative, sep } from 'node:path';

// What the text of a path tells. Links are looked at when the file is opened.

/** Whether `path` is `folder` or below it. Both are absolute. */
export function isWithin(folder: string, path: string): boolean {
  const rest = relative(folder, path);
  return !isAbsolute(rest) && rest !== '..' && !rest.startsWith(`..${sep}`);
}

/** Those of `folders` that a path leads into. */
export function foldersAround(path: string, folders: readonly string[]): readonly string[] {
  return folders.filter((folder) => isWithin(folder, normalize(path)));
}

/** Say why this cannot be a path below one of these folders, or null if it can. */
export function checkAbsolutePath(path: string, folders: readonly string[]): string | null {
  if (!isAbsolute(path)) return 'expected an absolute path';
  const problem = checkSegments(path);
  if (problem !== null) return problem;
  return foldersAround(path, folders).length === 0 ? "expected a path below one of the tenant's folders" : null;
}

/** Say why this cannot be a path within a storage, or null if it can. */
export function checkRelativePath(path: string): string | null {
  if (path === '') return 'expected a path';
  if (/^[\\/]/.test(path) || isAbsolute(path)) return 'expected a path that does not begin with /';
  return checkSegments(path);
}

/** A backslash parts segments on some systems and in some storages. */
function checkSegments(path: string): string | null {
  if (path.includes('\0')) return 'expected a path without NUL';
  return path.split(/[\\/]/).includes('..') ? 'expected a path without .. in it' : null;
}
