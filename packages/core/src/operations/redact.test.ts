// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { content, secret } from './fields.ts';
import { redact } from './redact.ts';

test('what the schema marks is a word, at whatever depth and of whatever shape', () => {
  const inner = v.object({ password: secret(v.string()), note: v.nullish(content(v.pipe(v.string(), v.trim()))) });
  const schema = v.strictObject({
    id: v.string(),
    inner,
    list: v.array(inner),
    either: v.union([v.number(), inner]),
    one: v.variant('kind', [
      v.object({ kind: v.literal('a'), token: secret(v.string()) }),
      v.object({ kind: v.literal('b'), shown: v.string() }),
    ]),
    later: v.lazy(() => inner),
    whole: secret(v.object({ deep: v.string() })),
  });
  const hidden = { password: '[secret]', note: '[content]' };
  const given = { password: 'swordfish', note: 'private' };
  const input = {
    id: 'relay',
    inner: given,
    list: [given, { password: 'swordfish' }],
    either: given,
    one: { kind: 'a', token: 'swordfish' },
    later: given,
    whole: { deep: 'swordfish' },
  };
  expect(redact(schema, input)).toEqual({
    id: 'relay',
    inner: hidden,
    list: [hidden, { password: '[secret]' }],
    either: hidden,
    one: { kind: 'a', token: '[secret]' },
    later: hidden,
    whole: '[secret]',
  });
});

test('what says of itself what it is is kept', () => {
  const schema = v.object({
    text: v.optional(v.pipe(v.string(), v.minLength(1))),
    count: v.number(),
    yes: v.boolean(),
    choice: v.picklist(['a', 'b']),
    tags: v.record(v.string(), v.number()),
  });
  const input = { text: 'x', count: 1, yes: true, choice: 'a', tags: { a: 1 } };
  expect(redact(schema, input)).toEqual(input);
});

test.each([
  ['unknown values', v.unknown()],
  ['values of the own making', v.custom<Uint8Array>(() => true)],
  ['records of them', v.record(v.string(), v.unknown())],
])('%s are hidden unless somebody says what they are', (_, schema) => {
  expect(JSON.stringify(redact(v.object({ given: schema }), { given: { a: 'swordfish' } }))).not.toContain('swordfish');
});

test('a field that the schema does not know is hidden', () => {
  expect(redact(v.looseObject({ a: v.string() }), { a: 'x', b: 'swordfish' })).toEqual({ a: 'x', b: '[content]' });
});

test('a mark holds where the marked schema is refined further', () => {
  expect(redact(v.pipe(secret(v.string()), v.trim()), 'swordfish')).toBe('[secret]');
});

test('a field that is absent or cleared is shown as that', () => {
  const schema = v.object({ password: v.nullish(secret(v.string())), oauth: v.nullish(secret(v.unknown())) });
  expect(redact(schema, { password: null, oauth: undefined })).toEqual({ password: null, oauth: undefined });
});
