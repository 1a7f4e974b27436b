// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeOfPk } from '../identity.ts';
import { pkOfNumbered } from './event-pk.ts';

const time = fc.integer({ min: 0, max: 4e12 });
const number = fc.integer({ min: 0, max: 2 ** 34 - 1 });

test('a key is a UUIDv7, the same each time, in the order of times and then of numbers', () => {
  fc.assert(
    fc.property(time, number, number, fc.string(), (at, one, other, what) => {
      const pk = pkOfNumbered(at, one, what);
      expect(pk).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(pkOfNumbered(at, one, what)).toBe(pk);
      expect(timeOfPk(pk)).toBe(at);
      const later = pkOfNumbered(at, other, `${what}!`);
      if (one !== other) expect(pk < later).toBe(one < other);
      else expect(pk).not.toBe(later);
    }),
  );
});
