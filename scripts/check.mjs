// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Everything that is checked without running the product. `node scripts/check.mjs lint types` runs those steps only.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PNPM } from './pnpm.mjs';
import { printTable, ROOT, runSteps } from './steps.mjs';

const CRUISED = ['packages', 'apps', 'examples', 'bench', 'torture', 'deploy', 'scripts', 'test'].filter((folder) =>
  existsSync(join(ROOT, folder)),
);

const STEPS = [
  { name: 'lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: ['node', 'scripts/check-types.mjs'] },
  { name: 'page types', command: ['tsc', '-p', 'apps/dashboard/tsconfig.json'] },
  { name: 'arrows', command: ['depcruise', '--config', '.dependency-cruiser.mjs', ...CRUISED] },
  { name: 'unused', command: ['knip', '--no-config-hints'] },
  { name: 'licences', command: ['node', 'scripts/check-licenses.mjs'] },
  { name: 'advisories', command: ['node', 'scripts/check-advisories.mjs'] },
  { name: 'paths', command: ['node', 'scripts/check-paths.mjs'] },
  { name: 'generated', command: ['node', '--conditions=mail-proxy-source', 'scripts/generate.mjs', '--check'] },
  { name: 'docs', command: ['node', '--conditions=mail-proxy-source', 'scripts/build-site.mjs'] },
  { name: 'build', command: [...PNPM, 'run', 'build', '--output-logs=errors-only'] },
  { name: 'packages', command: ['node', 'scripts/check-packages.mjs'] },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`no such check: ${unknown.join(', ')}; there are ${STEPS.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
const steps = wanted.length === 0 ? STEPS : STEPS.filter(({ name }) => wanted.includes(name));
const results = await runSteps(steps);
printTable('check', steps, results);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
