// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { type InputProblem, MailProxyError } from '../errors.ts';
import { invalidInput, validate } from './validate.ts';

const schema = v.strictObject({
  name: v.string(),
  port: v.optional(v.pipe(v.number(), v.integer('expected a whole number')), 25),
  tls: v.optional(v.picklist(['none', 'implicit'])),
  items: v.optional(v.array(v.strictObject({ 'a/b~c': v.number() }))),
});

function problemsOf(input: unknown): readonly InputProblem[] {
  try {
    validate(schema, input);
  } catch (error) {
    if (error instanceof MailProxyError && error.code === 'invalid_input') return error.problems;
    throw error;
  }
  throw new Error('it was taken');
}

test('what fits is given back with its defaults', () => {
  expect(validate(schema, { name: 'x' })).toEqual({ name: 'x', port: 25 });
});

test('every field that fails is named', () => {
  expect(problemsOf({ port: 1.5, tls: 'maybe', extra: true })).toEqual([
    { pointer: '/name', message: 'required' },
    { pointer: '/port', message: 'expected a whole number' },
    { pointer: '/tls', message: 'expected none or implicit' },
    { pointer: '/extra', message: 'unknown field' },
  ]);
});

test('a field of an item is named by a JSON pointer, with its special characters escaped', () => {
  expect(problemsOf({ name: 'x', items: [{ 'a/b~c': 1 }, { 'a/b~c': '1' }] })).toEqual([
    { pointer: '/items/1/a~1b~0c', message: 'expected number' },
  ]);
});

test('a problem never repeats what was sent, which may be a secret', () => {
  const problems = problemsOf({ name: ['hunter2'], port: 'hunter2', tls: 'hunter2', items: 'hunter2' });
  expect(problems).toHaveLength(4);
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});

test.each([null, 'text', 5, [], undefined])('an input that is no object is refused: %j', (input) => {
  expect(problemsOf(input).length).toBeGreaterThan(0);
});

test('a thousand problems are cut to a hundred, and the rest is counted', () => {
  const problems = Array.from({ length: 1_000 }, (_, index) => ({ pointer: `/${index}`, message: 'wrong' }));
  const error = invalidInput(problems);
  expect(error.problems).toHaveLength(101);
  expect(error.problems.at(-1)).toEqual({ pointer: '', message: 'and 900 more problems' });
  expect(error.message).toBe('/0: wrong; /1: wrong; /2: wrong; and 997 more');
});
