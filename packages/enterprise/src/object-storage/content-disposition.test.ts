// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentDisposition } from './content-disposition.ts';

test.each([
  ['a b.pdf', 'attachment; filename="a b.pdf"'],
  ['a"b\\c/d.pdf', `attachment; filename="a_b_c_d.pdf"; filename*=UTF-8''a%22b_c_d.pdf`],
  ["it's (1)*.pdf", `attachment; filename="it_s (1)_.pdf"; filename*=UTF-8''it%27s%20%281%29%2A.pdf`],
  ['è\r\nX: y', `attachment; filename="___X_ y"; filename*=UTF-8''%C3%A8__X%3A%20y`],
  ['100%.pdf', `attachment; filename="100_.pdf"; filename*=UTF-8''100%25.pdf`],
])('%j is saved as it can be', (filename, header) => {
  expect(contentDisposition(filename)).toBe(header);
});

test('no name breaks out of the header', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (filename) => {
      expect(contentDisposition(filename)).toMatch(
        /^attachment; filename="[^"\\%\p{Cc}\P{ASCII}]*"(; filename\*=UTF-8''[A-Za-z0-9%._~!-]*)?$/u,
      );
    }),
  );
});
