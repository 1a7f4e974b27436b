// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repositoryFiles } from './repository-files.mjs';
import { ROOT } from './steps.mjs';

/** They share files with suites that use PostgreSQL and run on SQLite: engine-on-postgres runs those of the engine. */
const ON_SQLITE = ['packages/core/test/engine/', 'packages/core/test/conformance/sqlite.test.ts'];

/** The test files that use PostgreSQL: they ask for the server, or import what does. */
export function postgresSuites() {
  const sources = repositoryFiles()
    .filter((path) => /^(packages|apps|examples|bench)\/.*\.(test|case)\.ts$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
  const found = new Set(sources.filter(({ text }) => /inject\('pg(Url|Skip)'\)/.test(text)).map(({ path }) => path));
  // A set that grows while it is walked is walked to its end.
  for (const file of found) {
    for (const { path, text } of sources) if (text.includes(`/${basename(file)}'`)) found.add(path);
  }
  return [...found]
    .filter((path) => path.endsWith('.test.ts') && !ON_SQLITE.some((prefix) => path.startsWith(prefix)))
    .sort();
}
