// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What the engines field of package.json says. */
const OLDEST = [24, 18] as const;

/**
 * Tell why this Node cannot run the program, in one line; null when it can. The SQLite binding ends an older Node
 * with a segmentation fault, so this is asked before anything of it is imported.
 */
export function nodeVersionProblem(version: string, path: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return `mail-proxy needs Node.js ${oldestMajor}.${oldestMinor} or newer; this is ${version} (${path}).`;
}
