// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The project speaks of itself only: a file that names a folder of one machine, or the address of the registry that
// one machine installs from, works for nobody else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFiles } from './repository-files.mjs';
import { ROOT } from './steps.mjs';

const PATTERNS = [
  { what: "a folder of someone's machine", pattern: /(?<![\w.~-])\/(root|work|workspace|home\/\w+|Users\/\w+)\// },
  { what: 'the address of a package registry', pattern: /https?:\/\/(registry|npm|artifactory|nexus|verdaccio)[.:/]/ },
  { what: 'a registry setting', pattern: /^\s*(@[\w-]+:)?registry\s*[:=]\s*["']?\S*\/\//m },
  { what: 'a tarball address', pattern: /^\s*resolution: \{.*tarball:/m },
];
/** This file holds the patterns themselves. */
const SELF = 'scripts/check-paths.mjs';

const found = [];
for (const path of repositoryFiles()) {
  if (path === SELF) continue;
  const bytes = readFileSync(join(ROOT, path));
  if (bytes.includes(0)) continue; // not text
  const text = bytes.toString('utf8');
  for (const { what, pattern } of PATTERNS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const line = text.slice(0, match.index).split('\n').length;
    found.push(`${path}:${line}: ${what}: ${match[0].trim()}`);
  }
}
if (found.length > 0) {
  console.error(found.join('\n'));
  process.exit(1);
}
console.log('no file names one machine');
