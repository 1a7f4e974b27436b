// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Pages that repeat what the code says are compared with it, so that neither changes alone.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { coreOperations } from '@mail-proxy/core';
import { expect, test } from 'vitest';
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
