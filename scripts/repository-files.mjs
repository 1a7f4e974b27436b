// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './steps.mjs';

/** Folders of what is installed, built, cached or stored at run time, at any depth. */
const GENERATED = new Set(['node_modules', 'dist', 'coverage', '.cache', '.turbo']);
/** The same, at the root only. */
const GENERATED_AT_ROOT = new Set(['data']);

/**
 * List the files that people wrote, with their path from the root and `/` between its parts. Reads the folders and
 * not git's index, so that it also works in an unpacked archive and sees files that are not added yet.
 */
export function repositoryFiles(folder = '') {
  const files = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    if (entry.name === '.git') continue; // a file, in a worktree
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (GENERATED.has(entry.name) || GENERATED_AT_ROOT.has(path)) continue;
      files.push(...repositoryFiles(path));
    } else if (entry.isFile() && !entry.name.endsWith('.log')) {
      files.push(path);
    }
  }
  return files.sort();
}
