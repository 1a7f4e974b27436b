// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Pages that repeat what the code says are compared with it, so that neither changes alone.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type AnyOperation, coreOperations, createMailEngine } from '@mail-proxy/core';
import { expect, test } from 'vitest';
import { leavesOf } from '../src/cli/command-tree.ts';
import { createProgram } from '../src/cli/program.ts';
import { runCommandLine } from '../src/cli/run-command-line.ts';
import { CONFIG_KEYS } from '../src/env/config-schema.ts';
import { OTHER_VARIABLES, VARIABLES } from '../src/env/variables.ts';
import { findMixins } from '../src/mixins.ts';
import { openApiDocument } from '../src/openapi/document.ts';

const ROOT = new URL('../../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const GUIDES = readdirSync(new URL('docs/guide', ROOT)).map((name) => `docs/guide/${name}`);
const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'docs/reference/configuration.md',
  'docs/reference/errors.md',
  ...GUIDES,
];

/** Rows of the tables of a page, each as its cells. */
function rowsOf(page: string): readonly (readonly string[])[] {
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  return rows.map((row) => row.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '').trim()));
}

const codesIn = (cell = ''): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** As GitHub makes them of headings. */
function anchorsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('the page on configuration names every variable beside its key, and no other', () => {
  const rows = rowsOf(textOf('docs/reference/configuration.md'));
  const named = rows.flatMap(([first, , , key]) =>
    codesIn(first)
      .filter((name) => /^(GMP|MAIL_PROXY)_/.test(name))
      .map((name) => [name, codesIn(key)[0]] as const),
  );
  // Where the command line finds the server is not of its configuration.
  const expected = [...VARIABLES.map(({ name }) => name), ...OTHER_VARIABLES].filter((name) => name !== 'GMP_URL');
  expect(named.map(([name]) => name).toSorted()).toEqual(expected.toSorted());
  const keys = new Map(VARIABLES.map(({ name, key }) => [name, key.join('.')]));
  for (const [name, key] of named) if (key !== undefined) expect([name, key]).toEqual([name, keys.get(name)]);
});

test('the page on configuration names every key that has no variable', () => {
  const keys = new Set(rowsOf(textOf('docs/reference/configuration.md')).flatMap(([, , , key]) => codesIn(key)));
  const withVariable = new Set(VARIABLES.map(({ key }) => key.join('.')));
  expect(CONFIG_KEYS.filter((key) => !withVariable.has(key) && !keys.has(key))).toEqual([]);
});

test('the guide to a message explains everything that it may wait for, and nothing else', () => {
  const schemas = JSON.stringify(openApiDocument(coreOperations, { version: '1' }));
  const [, list = ''] = /"waiting_for":.*?"kind":\{"enum":\[([^\]]+)\]/.exec(schemas) ?? [];
  const kinds = [...list.matchAll(/"(\w+)"/g)].map(([, kind]) => kind);
  expect(kinds).toContain('rate_limit');
  const [, part = ''] = textOf('docs/guide/where-is-my-mail.md').split('## What it waits for');
  const explained = rowsOf(part.split('\n## ')[0] ?? '').flatMap(([kind]) => codesIn(kind));
  expect(explained.filter((kind) => kind !== 'kind').toSorted()).toEqual(kinds.toSorted());
});

test.each(PAGES)('each link of %s leads somewhere', (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  for (const link of links.filter((each) => !/^\w+:/.test(each))) {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
    expect([link, existsSync(target)]).toEqual([link, true]);
    if (anchor !== undefined) expect(anchorsOf(readFileSync(fileURLToPath(target), 'utf8'))).toContain(anchor);
  }
});

const DATABASE_COMMANDS = ['migrate', 'export', 'import', 'import-genro', 'restore'];

async function helpOf(args: readonly string[], operations: readonly AnyOperation[] = coreOperations): Promise<string> {
  let help = '';
  const stdout = { write: (text: string) => (help += text) };
  const streams = { stdout, stderr: stdout, stdin: Readable.from([]) };
  await runCommandLine([...args, '--help'], { env: {}, streams, serve: async () => 0 }, operations);
  return help;
}

test('every command on the database that the guides show exists, with its flags', async () => {
  const shown = GUIDES.flatMap((page) => [
    ...textOf(page).matchAll(/^ *mail-proxy (migrate|export|import-genro|import|restore)(?= |$)(.*)$/gm),
  ]);
  expect(new Set(shown.map(([, name]) => name))).toEqual(new Set(DATABASE_COMMANDS));
  for (const [line, name = '', rest = ''] of shown) {
    const help = await helpOf([name]);
    for (const [flag] of rest.matchAll(/--[a-z-]+/g))
      expect([line, help]).toEqual([line, expect.stringContaining(flag)]);
  }
});

/** Of the mixins too, where they are installed. */
async function allOperations(): Promise<readonly AnyOperation[]> {
  const { mixins } = await findMixins('auto');
  await using engine = await createMailEngine({ config: { database: ':memory:' }, mixins });
  return engine.operations;
}

test('every command that the guides show exists, with its flags', async () => {
  const operations = await allOperations();
  const isCommunity = operations.length === coreOperations.length;
  const ofThisEdition = GUIDES.filter((page) => !isCommunity || !/^The enterprise edition/m.test(textOf(page)));
  const blocks = ofThisEdition.flatMap((page) => [...textOf(page).matchAll(/```sh\n([\s\S]*?)```/g)]);
  const commands = blocks.flatMap(([, block = '']) => [...block.matchAll(/^ *mail-proxy ([a-z-]+.*)$/gm)]);
  expect(commands.length).toBeGreaterThan(20);
  const streams = { stdout: { write: () => true }, stderr: { write: () => true }, stdin: Readable.from([]) };
  const context = { env: {}, streams, finish: () => undefined, serve: async () => 0 as const };
  const leaves = leavesOf(createProgram(context, operations)).map(({ words }) => words);
  for (const [command, line = ''] of commands) {
    const said = line.split(' ');
    const words = leaves.find((leaf) => leaf.every((word, at) => word === said[at]));
    expect([command, words]).toEqual([command, expect.anything()]);
    const help = await helpOf(words ?? [], operations);
    for (const [, flag] of line.replace(/#.*/, '').matchAll(/ (--[a-z-]+)/g)) {
      expect([command, help]).toEqual([command, expect.stringContaining(`${flag} `)]);
    }
  }
});
