// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Checks the types of everything, and with it of the TypeScript that the documents show: each block is a file of its own.
// What a block leaves out for the reader's sake stands in a comment above it, which nobody sees: `<!-- sample:`, lines of
// TypeScript, `-->`. With `@@` in these lines the block goes there, else it comes after them. Commands, requests and the
// like are tested by apps/server/test/guide-samples.test.ts.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFiles } from './repository-files.mjs';
import { ROOT } from './steps.mjs';

/** Below the examples, which have what an application would have installed; tsconfig.json includes it. */
const FOLDER = join(ROOT, 'examples/.cache/samples');
const BLOCK = /(?:<!-- sample:\n([\s\S]*?)\n-->\n+)?^( *)```ts\n([\s\S]*?)^ *```$/gm;
/** Of a file of the examples, which is compiled there; tests compare the two. */
const HAS_NEIGHBOURS = /from '\.\.?\//;
const DECLARED = /^(?:const|let|function|async function|await using) (\w+)/gm;

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const places = new Map();
for (const page of repositoryFiles().filter((path) => path.endsWith('.md'))) {
  const text = readFileSync(join(ROOT, page), 'utf8');
  for (const match of text.matchAll(BLOCK)) {
    const [whole, unseen = '', indent = '', block = ''] = match;
    if (HAS_NEIGHBOURS.test(block)) continue;
    const [before = '', after = ''] = unseen.split('@@');
    const code = `${before === '' ? '' : `${before}\n`}${block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')}${after}`;
    // A block may show more than it uses.
    const declared = [...code.matchAll(DECLARED)].map(([, name]) => name);
    const name = `sample-${places.size + 1}.ts`;
    writeFileSync(join(FOLDER, name), `${code}\nvoid [${declared.join(', ')}];\nexport {};\n`);
    const line = (text.slice(0, match.index) + whole.slice(0, whole.lastIndexOf('```ts'))).split('\n').length + 1;
    places.set(name, { page, line, skipped: before === '' ? 0 : before.split('\n').length });
  }
}

const { status, stdout, stderr } = spawnSync('tsc', ['-p', 'tsconfig.json', '--pretty', 'false'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const told = `${stdout}${stderr}`.replaceAll(/^.*(sample-\d+\.ts)\((\d+),\d+\)/gm, (_, name, line) => {
  const { page, line: first, skipped } = places.get(name);
  return `${page}:${first + Number(line) - skipped - 1}`;
});
if (status !== 0) {
  console.error(told);
  process.exit(1);
}
console.log(`${places.size} of the files are samples of documents`);
