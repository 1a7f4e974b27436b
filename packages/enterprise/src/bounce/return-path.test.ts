// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Macs } from '@mail-proxy/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase32, toBase32 } from './base32.ts';
import { createReturnPaths, MAX_PREFIX, recipientTag } from './return-path.ts';

function macsOf(key: string): Macs {
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return { sign, verify: (text, mac) => timingSafeEqual(sign(text).subarray(0, mac.byteLength), mac) };
}

const ours = createReturnPaths(macsOf('ours'));
const theirs = createReturnPaths(macsOf('theirs'));
const place = { domain: 'bounce.example.com', prefix: 'bounces' };
const pk = fc.uuid();
const recipient = fc.option(fc.emailAddress(), { nil: null });
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

test('any bytes have one text, and no other text is theirs', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(fromBase32(toBase32(bytes))).toEqual(bytes);
      expect(fromBase32(toBase32(bytes).toUpperCase())).toEqual(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...LETTERS, '1', ' '), maxLength: 40 }), (text) => {
      const bytes = fromBase32(text);
      if (bytes !== null) expect(toBase32(bytes)).toBe(text);
    }),
  );
});

describe('a return path', () => {
  test('is read back, whatever is done to its case, and fits into an address', () => {
    fc.assert(
      fc.property(pk, recipient, fc.boolean(), (messagePk, to, isUpper) => {
        const path = ours.make(messagePk, { ...place, prefix: 'b'.repeat(MAX_PREFIX) }, to);
        expect(path.indexOf('@')).toBeLessThanOrEqual(64);
        const read = ours.read(isUpper ? path.toUpperCase() : path);
        expect(read).toEqual({ messagePk, tag: to === null ? null : recipientTag(to) });
      }),
    );
  });

  test('with any letter changed is not accepted', () => {
    fc.assert(
      fc.property(pk, recipient, fc.nat(), fc.nat({ max: 30 }), (messagePk, to, at, by) => {
        const path = ours.make(messagePk, place, to);
        const start = path.indexOf('+') + 1;
        const index = start + (at % (path.indexOf('@') - start));
        const letter = path[index] ?? '';
        fc.pre(letter !== '.');
        const other = LETTERS[(LETTERS.indexOf(letter) + 1 + by) % LETTERS.length];
        expect(ours.read(path.slice(0, index) + other + path.slice(index + 1))).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });

  test('of another installation, or put together from two of ours, is not accepted', () => {
    fc.assert(
      fc.property(pk, pk, recipient, recipient, (one, other, to, cc) => {
        expect(ours.read(theirs.make(one, place, to))).toBeNull();
        fc.pre(one !== other || to !== cc);
        const mac = ours.make(other, place, cc).replace(/^.*\./, '').replace(/@.*/, '');
        const path = ours.make(one, place, to);
        const forged = path.replace(/[a-z2-7]{16}@bounce\.example\.com$/, `${mac.slice(0, 16)}@bounce.example.com`);
        fc.pre(forged !== path);
        expect(ours.read(forged)).toBeNull();
      }),
    );
  });

  test('is nothing that somebody made up, and reading never throws', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string({ unit: fc.constantFrom(...LETTERS, '.'), minLength: 40, maxLength: 60 }),
        (any, token) => {
          expect(ours.read(any)).toBeNull();
          expect(ours.read(`bounces+${token}@bounce.example.com`)).toBeNull();
          expect(ours.readEnvelopeId(any)).toBeNull();
          expect(ours.readEnvelopeId(token)).toBeNull();
        },
      ),
    );
  });
});

test("an envelope's id is read back, and a return path's mac is none of it", () => {
  fc.assert(
    fc.property(pk, (messagePk) => {
      const id = ours.makeEnvelopeId(messagePk);
      expect(id.length).toBeLessThanOrEqual(100);
      expect(ours.readEnvelopeId(id)).toBe(messagePk);
      expect(theirs.readEnvelopeId(id)).toBeNull();
      const path = ours.make(messagePk, place, null);
      expect(ours.readEnvelopeId(path.slice(path.indexOf('+') + 1, path.indexOf('@')))).toBeNull();
    }),
  );
});
