// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { boundHeapGrowth, HEAP_GROWTH } from './heap-growth.ts';

test('this Node.js knows the bound, which it would pass over with a word on stderr', () => {
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  expect(stdout).toContain(`  ${HEAP_GROWTH} (`);
});

test.each([
  ['is set', [], [`${HEAP_GROWTH}=100`]],
  ['is left alone where there is one', ['--expose-gc', `${HEAP_GROWTH}=50`], []],
])('it %s', (_, flags, expected) => {
  const set: string[] = [];
  boundHeapGrowth(flags, (flag) => set.push(flag));
  expect(set).toEqual(expected);
});
