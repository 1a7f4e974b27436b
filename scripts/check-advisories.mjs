// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Known holes of what we build on: no copy of a package older than the version that closed them. `pnpm audit` knows
// more, and needs a registry that is asked; this needs none, and stays when a lockfile is merged by hand.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './steps.mjs';

/** By package: what no copy may be older than, and for what. */
const OLDEST = {
  // GHSA-vvjj-xcjg-gr5g, CVE-2025-13033, CVE-2025-14874 and what 8.0.9 to 9.0.5 closed: control characters in fields
  nodemailer: '9.0.5',
  // literals, STARTTLS, injection into commands, hostile values
  imapflow: '1.6.6',
  // CVE-2025-59139, CVE-2026-44456: the limit of a body, passed by in chunks; CVE-2026-47673 to 47676
  hono: '4.12.21',
  // CVE-2026-22036: a chain of encodings without end
  undici: '7.18.0',
  // XSS in what it makes of plain text
  mailparser: '3.9.3',
};
/** What is part of a program: CVE-2025-6965 and, within Node, CVE-2026-22036. */
const OLDEST_SQLITE = '3.50.2';
const OLDEST_NODE_UNDICI = '7.18.0';
/** No version of these is safe: private addresses pass them as public ones (CVE-2024-29415, CVE-2025-8267). */
const NEVER = ['ip', 'ssrfcheck'];

const problems = [];
const demand = (what, version, oldest) => {
  if (isOlder(version, oldest)) problems.push(`${what} ${version}: expected ${oldest} or newer`);
};

const lock = parse(readFileSync(join(ROOT, 'pnpm-lock.yaml'), 'utf8').split(/^---$/m).at(-1));
let looked = 0;
for (const key of Object.keys(lock.packages)) {
  const [, name = '', version = ''] = /^(@?[^@]+)@(.+)$/.exec(key) ?? [];
  looked += 1;
  if (Object.hasOwn(OLDEST, name)) demand(name, version, OLDEST[name]);
  if (NEVER.includes(name)) problems.push(`${name} ${version}: expected not to be there`);
}
if (!Object.keys(lock.packages).some((key) => key.startsWith('nodemailer@')))
  problems.push('the lockfile was not read');

const Sqlite = createRequire(join(ROOT, 'packages/core/package.json'))('better-sqlite3');
const database = new Sqlite(':memory:');
demand('the SQLite of better-sqlite3', database.prepare('select sqlite_version() as v').get().v, OLDEST_SQLITE);
database.close();
demand('the SQLite of Node', process.versions.sqlite, OLDEST_SQLITE);
demand('the undici of Node', process.versions.undici, OLDEST_NODE_UNDICI);

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`none of ${looked} packages has a known hole of those that are written down`);

function isOlder(version, oldest) {
  const parts = (text) => text.split(/[.-]/, 3).map(Number);
  const [have, want] = [parts(version), parts(oldest)];
  const at = have.findIndex((part, index) => part !== want[index]);
  return at !== -1 && have[at] < want[at];
}
