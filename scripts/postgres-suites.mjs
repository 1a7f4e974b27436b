// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Runs the test files that use PostgreSQL, and no other: for the versions beside the one that every run tests.
// GMP_TEST_PG_BIN or GMP_TEST_DATABASE_URL says which PostgreSQL; what is given here goes on to vitest.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repositoryFiles } from './repository-files.mjs';
import { ROOT, runSteps } from './steps.mjs';

/** Files that ask for the server, and those that import one of them. */
function postgresFiles() {
  const sources = repositoryFiles()
    .filter((path) => /^(packages|apps|examples|bench)\/.*\.(test|case)\.ts$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
  const found = new Set(sources.filter(({ text }) => /inject\('pg(Url|Skip)'\)/.test(text)).map(({ path }) => path));
  // A set that grows while it is walked is walked to its end.
  for (const file of found) {
    for (const { path, text } of sources) if (text.includes(`/${basename(file)}'`)) found.add(path);
  }
  return [...found].filter((path) => path.endsWith('.test.ts')).sort();
}

const [result] = await runSteps([
  { name: 'PostgreSQL suites', command: ['vitest', 'run', ...postgresFiles(), ...process.argv.slice(2)] },
]);
process.exitCode = result.ok ? 0 : 1;
