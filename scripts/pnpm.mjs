// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from './steps.mjs';

/** How to call pnpm: it is on PATH inside every pnpm script, elsewhere npx brings it. */
export const PNPM = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'pnpm')))
  ? ['pnpm']
  : ['npx', '-y', 'pnpm@12'];

/** Run pnpm and return what it printed. */
export function pnpm(...args) {
  const [program, ...first] = PNPM;
  const result = spawnSync(program, [...first, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    throw new Error(`pnpm ${args.join(' ')}: exit code ${result.status}\n${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}

/** The workspace's packages that exist here: `packages/enterprise` may have been deleted. */
export function workspacePackages() {
  const folders = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`),
  );
  return folders
    .filter((folder) => existsSync(join(ROOT, folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
      const { name, version, license } = manifest;
      return { folder, name, version, license, published: manifest.private !== true };
    });
}
