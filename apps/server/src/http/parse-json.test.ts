// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { parseJsonObject } from './parse-json.ts';

/** Around the end of the first and the second part in which a long text is decoded. */
const BEFORE_THE_END = [1, 2, 3, 4].flatMap((octets) => [524_288 - octets, 2 * 524_288 - octets]);

/** A document with `middle` so many octets from its start. */
const documentOf = (at: number, middle: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`{"text":"${'x'.repeat(at - 9)}`), middle, Buffer.from(`${'y'.repeat(700_000)}"}`)]);

test.each(BEFORE_THE_END)('a long text is read whole, whatever character stands %i octets from its start', (at) => {
  for (const character of ['a', 'é', '€', '\u{1f41e}', '\ufeff']) {
    const { text } = parseJsonObject(documentOf(at, Buffer.from(character)));
    expect(text === `${'x'.repeat(at - 9)}${character}${'y'.repeat(700_000)}`, character).toBe(true);
  }
});

test.each(BEFORE_THE_END)('what is no UTF-8 is refused %i octets from its start', (at) => {
  for (const octets of ['80', 'c3', 'e282', 'f09f90', '80808080', 'edA081', 'f8808080']) {
    expect(() => parseJsonObject(documentOf(at, Buffer.from(octets, 'hex'))), octets).toThrow(
      expect.objectContaining({ code: 'malformed_json', message: 'the body is not UTF-8' }),
    );
  }
});

test('a mark of the byte order is passed over at the start of a text, however long it is', () => {
  expect(parseJsonObject(Buffer.from('\ufeff{"a":1}'))).toEqual({ a: 1 });
  const long = parseJsonObject(Buffer.concat([Buffer.from('\ufeff'), documentOf(600_000, Buffer.from('é'))]));
  expect(Object.keys(long)).toEqual(['text']);
});
