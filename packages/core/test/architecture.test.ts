// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Documents that repeat what the code says are compared with it, so that neither changes alone.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MESSAGE_MOVES } from '../src/entities/message/message-state.ts';

const ROOT = new URL('../../../', import.meta.url);
/** May have been deleted: everything else works without it. */
const OPTIONAL = 'packages/enterprise';
const FOLDERS = /^(packages|apps|examples|bench|docs|scripts|test)(\/|$)/;

const fileAt = (path: string): string => fileURLToPath(new URL(path, ROOT));
const textOf = (path: string): string => readFileSync(fileAt(path), 'utf8');

/** Targets of links that stay in the repository, and folders and files named in code spans. */
function pathsIn(document: string): readonly string[] {
  const links = [...document.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => target);
  const spans = [...document.matchAll(/`([^`\s]+)`/g)].map(([, span = '']) => span);
  return [...links.filter((link) => !/^\w+:/.test(link)), ...spans.filter((span) => FOLDERS.test(span))];
}

function isMissing(path: string): boolean {
  if (path.startsWith(OPTIONAL) && !existsSync(fileAt(OPTIONAL))) return false;
  return !existsSync(fileAt(path));
}

test('every file and folder that ARCHITECTURE.md names exists', () => {
  const paths = pathsIn(textOf('ARCHITECTURE.md'));
  expect(paths).toContain('packages/core/src/queue/accept.ts');
  expect(paths).toContain('apps/server');
  expect(paths.filter(isMissing)).toEqual([]);
});

test('each link in ARCHITECTURE.md leads to the file whose name it shows', () => {
  const links = [...textOf('ARCHITECTURE.md').matchAll(/\[`([\w.-]+)`\]\(([^)]+)\)/g)];
  expect(links.length).toBeGreaterThan(0);
  for (const [, name = '', target = ''] of links) expect(target.split('/').at(-1)).toBe(name);
});

test('the state diagram has exactly the moves of the table', () => {
  const [, diagram = ''] = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(textOf('ARCHITECTURE.md')) ?? [];
  const expected = MESSAGE_MOVES.map(([from, to, by]) => `${from ?? '[*]'} --> ${to}: ${by}`);
  expect(linesOf(diagram).toSorted()).toEqual(expected.toSorted());
});

test('the index of decisions lists every page, and every page has its parts', () => {
  const pages = readdirSync(fileAt('docs/adr'))
    .filter((name) => /^\d{4}-/.test(name))
    .toSorted();
  const listed = pathsIn(textOf('docs/adr/README.md')).filter((link) => link.endsWith('.md'));
  expect(listed).toEqual(pages);
  for (const page of pages) {
    const headings = linesOf(textOf(`docs/adr/${page}`)).filter((line) => line.startsWith('## '));
    expect(headings, page).toEqual(['## Context', '## Decision', '## Consequences']);
  }
});

/** Objects that are made once have getters of their own. */
const MADE_ONCE = ['engine/encryption-side.ts', 'secrets/sealer.ts'];

test('what is made again and again is no object literal with getters: V8 keeps it until a full collection (ADR 37)', () => {
  const files = readdirSync(fileAt('packages/core/src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(test|case)\.ts$/.test(path))
    // Deeper than the members of a class.
    .filter((path) => /^ {4,}get \w+\(\)/m.test(textOf(`packages/core/src/${path}`)));
  expect(files.toSorted()).toEqual(MADE_ONCE);
});

function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
