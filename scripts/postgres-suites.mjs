// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repositoryFiles } from './repository-files.mjs';
import { ROOT } from './steps.mjs';

/** They share files with suites that use PostgreSQL and run on SQLite: engine-on-postgres runs those of the engine. */
const ON_SQLITE = ['packages/core/test/engine/', 'packages/core/test/conformance/sqlite.test.ts'];

/**
 * They use PostgreSQL, and nothing in which its versions differ: what they show lies in processes, clocks, mailboxes,
 * keys and the engine, above the statements that the suites of the store, the entities, the mixins and the faults try on
 * each version. The run on the version that npm brings has them.
 */
const OF_NO_VERSION = [
  'apps/server/test/',
  'packages/core/test/backup/',
  'packages/core/test/engine-on-postgres/',
  'packages/core/test/genro/',
  'packages/core/test/instances/',
  'packages/core/test/reports/',
  'packages/core/test/secrets/',
  'packages/core/test/transfer/killed-import.test.ts',
  'packages/core/test/transfer/refused.test.ts',
  'packages/core/test/transfer/waiting-mail.test.ts',
  'packages/enterprise/test/bounce-dovecot.test.ts',
  'packages/enterprise/test/genro-import.test.ts',
  'packages/enterprise/test/imap-',
  'packages/enterprise/test/large-attachments-moving.test.ts',
  'packages/enterprise/test/mailbox-',
  'packages/enterprise/test/pec-dovecot.test.ts',
  'packages/enterprise/test/pec-killed.test.ts',
  'packages/enterprise/test/pec-mailboxes.test.ts',
  'packages/enterprise/test/pec-moving.test.ts',
  'packages/enterprise/test/pec-receipts-dovecot.test.ts',
];

/**
 * Servers that end, stand still or say nothing, and many processes that start at once. They take as long as all of the
 * others; the workflow runs them on each version.
 */
const OF_FAULTS = [
  'packages/core/test/postgres/faults.test.ts',
  'packages/core/test/postgres/frozen-instance.test.ts',
  'packages/core/test/postgres/silence.test.ts',
  'packages/core/test/upgrade/killed-upgrade.test.ts',
  'packages/core/test/upgrade/many-starts.test.ts',
  'packages/enterprise/test/mail-that-cannot-be-stored.test.ts',
];

/**
 * The test files to run on each version of PostgreSQL: they ask for the server, or import what does.
 * @param isBrief - without those of faults
 */
export function postgresSuites({ isBrief = false } = {}) {
  const leftOut = [...ON_SQLITE, ...OF_NO_VERSION, ...(isBrief ? OF_FAULTS : [])];
  const sources = repositoryFiles()
    .filter((path) => /^(packages|apps|examples|bench)\/.*\.(test|case)\.ts$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
  const found = new Set(sources.filter(({ text }) => /inject\('pg(Url|Skip)'\)/.test(text)).map(({ path }) => path));
  // A set that grows while it is walked is walked to its end.
  for (const file of found) {
    for (const { path, text } of sources) if (text.includes(`/${basename(file)}'`)) found.add(path);
  }
  return [...found]
    .filter((path) => path.endsWith('.test.ts') && !leftOut.some((prefix) => path.startsWith(prefix)))
    .sort();
}
