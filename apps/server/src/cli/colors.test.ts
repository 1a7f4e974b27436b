// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { colorsOf } from './colors.ts';

test.each([
  ['at a terminal', true, {}, true],
  ['at a terminal that has none', true, { TERM: 'dumb' }, false],
  ['in a pipe', false, {}, false],
  ['with NO_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ['with NO_COLOR that is empty', true, { NO_COLOR: '' }, true],
  ['in a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
  ['with FORCE_COLOR that says no', true, { FORCE_COLOR: '0' }, false],
])('colours %s', (_, isTTY, env, expected) => {
  expect(colorsOf({ isTTY }, env).isColorSupported).toBe(expected);
});
