// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyRing } from './key-ring.ts';
import { createMacs, MIN_MAC_BYTES } from './macs.ts';

const OLD = createSecretKey(Buffer.alloc(32, 1));
const NEW = createSecretKey(Buffer.alloc(32, 2));

test('what was signed is right, also cut, and nothing else is', () => {
  const macs = createMacs(new KeyRing([NEW, OLD]), 'test');
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.integer({ min: MIN_MAC_BYTES, max: 32 }),
      fc.nat(),
      (text, other, length, at) => {
        const mac = macs.sign(text).subarray(0, length);
        expect(macs.verify(text, mac)).toBe(true);
        fc.pre(other !== text);
        expect(macs.verify(other, mac)).toBe(false);
        const forged = Buffer.from(mac);
        forged[at % length] = (forged[at % length] ?? 0) ^ (1 + (at % 255));
        expect(macs.verify(text, forged)).toBe(false);
      },
    ),
  );
});

test('too short a mac is right for nothing', () => {
  const macs = createMacs(new KeyRing([NEW]), 'test');
  for (let length = 0; length < MIN_MAC_BYTES; length++) {
    expect(macs.verify('a', macs.sign('a').subarray(0, length))).toBe(false);
  }
});

test('a key that only opens still verifies, and one that is gone does not', () => {
  const mac = createMacs(new KeyRing([OLD]), 'test').sign('a');
  const ring = new KeyRing([NEW, OLD]);
  const macs = createMacs(ring, 'test');
  expect(macs.verify('a', mac)).toBe(true);
  expect(macs.sign('a')).not.toEqual(mac);
  ring.replace([NEW]);
  expect(macs.verify('a', mac)).toBe(false);
});

test('of another purpose it is wrong', () => {
  const ring = new KeyRing([NEW]);
  expect(createMacs(ring, 'one').verify('a', createMacs(ring, 'other').sign('a'))).toBe(false);
});
