// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Packs what is published, as a release would, and looks at the archives: do their entries exist, do Node and
// TypeScript find the same thing under each of them, and is nothing inside that should have stayed here.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm, workspacePackages } from './pnpm.mjs';
import { ROOT } from './steps.mjs';

const OUT = join(ROOT, '.cache', 'packages');
/** The licence's text is held against that of the repository by scripts/check-licenses.mjs. */
const EXPECTED = ['LICENSE', 'NOTICE', 'README.md'];
const STAYS_HERE = /(^|\/)(src|test)\/|\.(test|case)\.|\.tsbuildinfo$|(^|\/)\.env/;

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

const failures = [];
for (const { folder, name, published } of workspacePackages()) {
  if (!published) continue;
  if (!existsSync(join(ROOT, folder, 'dist'))) {
    failures.push(`${name}: not built, run the build script first`);
    continue;
  }
  const archive = join(OUT, `${name.replace('@', '').replace('/', '-')}.tgz`);
  const listing = pnpm('--dir', folder, 'pack', '--json', '--out', archive);
  const files = JSON.parse(listing.slice(listing.indexOf('{'))).files.map(({ path }) => path);
  for (const path of files.filter((file) => STAYS_HERE.test(file)))
    failures.push(`${name}: ${path} would be published`);
  for (const path of EXPECTED.filter((file) => !files.includes(file)))
    failures.push(`${name}: no ${path} would be published`);

  const tools = [
    ['publint', 'run', archive, '--strict'],
    ['attw', archive, '--profile', 'esm-only', '--no-emoji'],
  ];
  for (const [tool, ...args] of tools) {
    const { status, error, stdout, stderr } = spawnSync(tool, args, { cwd: ROOT, encoding: 'utf8' });
    if (error) failures.push(`${name}: ${tool} could not start: ${error.message}`);
    else if (status !== 0) failures.push(`${name}: ${tool}, exit code ${status}\n${stdout}${stderr}`);
  }
  console.log(`${name}: ${files.length} files`);
}

// A mixin is made for one contract: core and enterprise are released together, under one version.
const TOGETHER = ['@mail-proxy/core', '@mail-proxy/enterprise'];
const { fixed } = JSON.parse(readFileSync(join(ROOT, '.changeset', 'config.json'), 'utf8'));
if (!fixed.some((group) => TOGETHER.every((name) => group.includes(name))))
  failures.push(`.changeset/config.json: ${TOGETHER.join(' and ')} are not released together`);
const versions = new Set(
  workspacePackages()
    .filter(({ name }) => TOGETHER.includes(name))
    .map(({ version }) => version),
);
if (versions.size > 1)
  failures.push(`${TOGETHER.join(' and ')} have versions of their own: ${[...versions].join(', ')}`);

if (failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}
