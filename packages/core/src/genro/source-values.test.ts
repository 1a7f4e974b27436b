// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { flagOf, lineOf, numberOf, objectOf, timeOf } from './source-values.ts';

const AT = Date.parse('2026-01-31T09:30:00Z');

test.for([
  ['2026-01-31 09:30:00', AT],
  ['2026-01-31T09:30:00', AT],
  ['2026-01-31 09:30:00.250000', AT + 250],
  ['2026-01-31 10:30:00+01', AT],
  ['2026-01-31 10:30:00+01:00', AT],
  ['2026-01-31T09:30:00Z', AT],
  [AT / 1_000, AT],
  [String(AT / 1_000), AT],
  [AT, AT],
  ['yesterday', null],
  ['', null],
  [null, null],
] as const)('the time of %j is %j', ([value, ms]) => {
  expect(timeOf({ value }, 'value')).toBe(ms);
});

test('flags, numbers and objects are read however a version wrote them', () => {
  const row = { yes: 1, true: 'True', no: '0', f: 'f', maybe: 'maybe', text: '587', none: null };
  expect(['yes', 'true', 'no', 'f', 'maybe', 'none', 'absent'].map((name) => flagOf(row, name))).toEqual([
    ...[true, true, false, false],
    ...[null, null, null],
  ]);
  expect(['text', 'maybe', 'none'].map((name) => numberOf(row, name))).toEqual([587, null, null]);
  const json = { object: '{"a":1}', twice: '"{\\"a\\":1}"', list: '[1]', broken: '{' };
  expect(Object.keys(json).map((name) => objectOf(json, name))).toEqual([{ a: 1 }, { a: 1 }, null, null]);
});

test('a line has no line breaks and fits', () => {
  expect(lineOf(' a\r\nb\u2028c\ud800 ', 100)).toBe('a b c\ufffd');
  expect(lineOf('abcdef', 3)).toBe('abc');
});
