// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Pages that repeat what the code says are compared with it, so that neither changes alone.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { coreOperations, engineConfigSchema } from '@mail-proxy/core';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { CONFIG_KEYS } from '../src/env/config-schema.ts';
import { OTHER_VARIABLES, VARIABLES } from '../src/env/variables.ts';
import { openApiDocument } from '../src/openapi/document.ts';

const ROOT = new URL('../../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
/** Documents of the whole repository. */
const PAGES = [
  ...globSync('docs/**/*.md', { cwd: ROOT, exclude: ['docs/dist/**', 'docs/file/**'] }),
  ...globSync(['*.md', '{bench,examples,torture}/*.md', 'packages/*/README.md'], { cwd: ROOT }),
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

test('each default on the page on configuration is that of the code', () => {
  const defaults: unknown = v.parse(engineConfigSchema, { database: ':memory:' });
  const compared = rowsOf(textOf('docs/reference/configuration.md')).flatMap(([first, initial = '', , code]) => {
    const key = codesIn(code)[0]?.split('.');
    const said = /^`(\d+|true|false)`/.exec(initial)?.[1];
    const actual = key?.reduce((inner, name) => Object(inner)[name], defaults);
    // What is the server's own, or a mixin's, is not in the schema of the engine.
    if (key === undefined || said === undefined || actual === undefined) return [];
    // A variable may be in seconds, where the key is in milliseconds.
    const variable = VARIABLES.find(({ name }) => codesIn(first).includes(name));
    return [{ key: key.join('.'), said: variable?.read(said) ?? JSON.parse(said), actual }];
  });
  expect(compared.length).toBeGreaterThan(60);
  expect(compared.filter(({ said, actual }) => said !== actual)).toEqual([]);
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
