// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The licence boundary: every source file says its licence, every package carries its licence's text, the core does
// not name the enterprise package, and what is installed with us in production has a permissive licence.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm, workspacePackages } from './pnpm.mjs';
import { repositoryFiles } from './repository-files.mjs';
import { ROOT } from './steps.mjs';

const ENTERPRISE = 'packages/enterprise';
const SOURCE = /\.(ts|tsx|mts|cts|js|mjs|cjs|sh|sql|css|py|php)$|^\.ci\/run$/;

/** Licences that third-party code may have: permissive ones only, no copyleft, no source-available. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);

const problems = [];
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const licenceOf = (path) => (path.startsWith(`${ENTERPRISE}/`) ? 'BUSL-1.1' : 'Apache-2.0');

/** Whether an SPDX expression leaves us a permissive choice: OR lets us pick, AND binds us to both sides. */
function isPermissive(expression) {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  const either = () => {
    let allowed = both();
    while (tokens[0] === 'OR') {
      tokens.shift();
      allowed = both() || allowed;
    }
    return allowed;
  };
  const both = () => {
    let allowed = one();
    while (tokens[0] === 'AND') {
      tokens.shift();
      allowed = one() && allowed;
    }
    return allowed;
  };
  const one = () => {
    if (tokens[0] !== '(') return PERMISSIVE.has(tokens.shift() ?? '');
    tokens.shift();
    const allowed = either();
    return tokens.shift() === ')' && allowed;
  };
  return either() && tokens.length === 0;
}

let headers = 0;
for (const path of repositoryFiles().filter((file) => SOURCE.test(file))) {
  const text = read(path);
  const head = text.slice(0, 500);
  const id = /SPDX-License-Identifier: (\S+)/.exec(head)?.[1];
  if (id !== licenceOf(path))
    problems.push(`${path}: ${id ?? 'no SPDX-License-Identifier'}, expected ${licenceOf(path)}`);
  if (!head.includes('SPDX-FileCopyrightText: ')) problems.push(`${path}: no SPDX-FileCopyrightText`);
  if (
    path.startsWith('packages/core/src/') &&
    /['"](@mail-proxy\/enterprise|[^'"\s]*packages\/enterprise)/.test(text)
  ) {
    problems.push(`${path}: the core names the enterprise package`);
  }
  headers += 1;
}

for (const { folder, license, published } of workspacePackages()) {
  const expected = licenceOf(`${folder}/`);
  if (license !== expected) problems.push(`${folder}/package.json: license is ${license}, expected ${expected}`);
  const text = `LICENSES/${expected}.txt`;
  if (!existsSync(join(ROOT, text))) problems.push(`${text} is missing`);
  else if (published && (!existsSync(join(ROOT, folder, 'LICENSE')) || read(`${folder}/LICENSE`) !== read(text))) {
    problems.push(`${folder}/LICENSE is not the text of ${text}`);
  }
}

const installed = JSON.parse(pnpm('-r', 'licenses', 'list', '--prod', '--json') || '{}');
for (const [license, packages] of Object.entries(installed)) {
  if (isPermissive(license)) continue;
  problems.push(`${license}: ${packages.map(({ name }) => name).join(', ')}: not a licence we build on`);
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`${headers} files say their licence; third-party code: ${Object.keys(installed).sort().join(', ')}`);
