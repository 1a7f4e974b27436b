// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase64 } from './decode-base64.ts';

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

test('what a runtime encodes comes back, in either alphabet, with and without padding and line breaks', () => {
  fc.assert(
    fc.property(
      anyBytes,
      fc.constantFrom('base64', 'base64url'),
      fc.boolean(),
      fc.boolean(),
      (bytes, alphabet, ...how) => {
        const [isPadded, isBroken] = how;
        const encoded = isPadded ? bytes.toString('base64') : bytes.toString(alphabet).replaceAll('=', '');
        const text = isBroken ? encoded.replaceAll(/.{10}/g, '$&\r\n') : encoded;
        expect(Buffer.from(decodeBase64(text) ?? 'none')).toEqual(bytes);
      },
    ),
  );
});

test('a text with anything else in it is none, wherever that stands', () => {
  // With letters whose lower byte is one of the alphabet, which a runtime may take for that.
  const foreign = fc.constantFrom('!', '=', '.', '\0', 'é', '\u0141', '\u4141', '\u{1f41e}', '\ud83d');
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 3, maxLength: 300 }), foreign, fc.nat(), (bytes, stranger, at) => {
      const encoded = Buffer.from(bytes).toString('base64').replaceAll('=', '');
      const place = at % (encoded.length - 2);
      expect(decodeBase64(encoded.slice(0, place) + stranger + encoded.slice(place))).toBeNull();
      expect(decodeBase64(encoded.slice(0, place) + stranger + encoded.slice(place + 1))).toBeNull();
    }),
  );
});

test.each(['', '=', '=='])('of no characters (%j) there are no bytes', (text) => {
  expect(decodeBase64(text)?.byteLength).toBe(0);
});

test.each(['a', 'aGkxa', '===', 'aGk===', 'a==='])('%j is none', (text) => {
  expect(decodeBase64(text)).toBeNull();
});
