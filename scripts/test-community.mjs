// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Shows that the community edition is whole: copies this repository without packages/enterprise to a temporary folder,
// and there checks its types and runs what tells the editions apart. The workflow runs everything in such a copy.
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { repositoryFiles } from './repository-files.mjs';
import { ROOT, runSteps } from './steps.mjs';

const LEFT_OUT = 'packages/enterprise/';

/** The server with its operations, commands and documents; a delivery; mixins of others. */
const TESTS = [
  'apps/server/test/documents.test.ts',
  'apps/server/test/guide-samples.test.ts',
  'apps/server/test/openapi.test.ts',
  'apps/server/test/operation-table.test.ts',
  'apps/server/test/serve.test.ts',
  'examples/',
  'packages/core/src/mixin/',
  'packages/core/test/engine/delivery.test.ts',
];

const folder = mkdtempSync(join(tmpdir(), 'mail-proxy-community-'));
try {
  copy(folder);
  const steps = [
    { name: 'types', command: ['tsc', '-p', 'tsconfig.json'], cwd: folder },
    { name: 'page types', command: ['tsc', '-p', 'apps/dashboard/tsconfig.json'], cwd: folder },
    { name: 'tests', command: ['vitest', 'run', ...TESTS], cwd: folder },
  ];
  const results = await runSteps(steps);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What is installed is shared; the links of packages to each other are copied, so that they lead to the copies. */
function copy(to) {
  const files = repositoryFiles().filter((path) => !path.startsWith(LEFT_OUT));
  for (const path of files) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    copyFileSync(join(ROOT, path), join(to, path));
  }
  mkdirSync(join(to, 'node_modules'));
  symlinkSync(join(ROOT, 'node_modules', '.pnpm'), join(to, 'node_modules', '.pnpm'));
  for (const path of ['', ...workspaceFolders(files)]) {
    const from = join(ROOT, path, 'node_modules');
    if (!existsSync(from)) continue;
    cpSync(from, join(to, path, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
      // Caches, and the store that is linked above.
      filter: (source) => basename(source) === '.bin' || !basename(source).startsWith('.'),
    });
  }
}

function workspaceFolders(files) {
  return files.filter((path) => path.endsWith('/package.json')).map((path) => dirname(path));
}
