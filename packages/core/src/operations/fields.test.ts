// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { clientId, line, objectOf } from './fields.ts';

const REFUSED = [
  ...Array.from({ length: 0x20 }, (_, code) => code),
  ...Array.from({ length: 0x21 }, (_, code) => 0x7f + code),
  0x2028,
  0x2029,
  0xd800,
  0xdbff,
  0xdc00,
  0xdfff,
];

test.each([
  ['an id', clientId],
  ['a line', line(64)],
])('%s has no control character, no line break and no lone surrogate, wherever it stands', (_, schema) => {
  for (const code of REFUSED) {
    for (const text of [0, 1, 2].map((at) => `ab`.slice(0, at) + String.fromCharCode(code) + 'ab'.slice(at))) {
      expect(v.is(schema, text), `U+${code.toString(16)}`).toBe(false);
    }
  }
  for (const text of ['order 1', 'Bestellung ü', '注文', '😀', 'a\u00a0b']) expect(v.is(schema, text), text).toBe(true);
});

test('a list is no object, wherever one stands', () => {
  const schema = v.object({ headers: v.optional(objectOf(v.string()), {}) });
  const refused = v.safeParse(schema, { headers: ['x'] });
  expect(refused.issues?.map((issue) => [v.getDotPath(issue), issue.message])).toEqual([
    ['headers', 'expected an object'],
  ]);
  expect(v.is(schema, { headers: [] })).toBe(false);
  expect(v.parse(schema, { headers: { 'X-Id': '1' } })).toEqual({ headers: { 'X-Id': '1' } });
  expect(v.parse(schema, {})).toEqual({ headers: {} });
});

test('two ids that are taken and differ are stored differently', () => {
  const text = fc.string({ unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 6 });
  fc.assert(
    fc.property(text, text, (one, other) => {
      fc.pre(one !== other && v.is(clientId, one) && v.is(clientId, other));
      expect(Buffer.from(one).equals(Buffer.from(other))).toBe(false);
    }),
  );
});
