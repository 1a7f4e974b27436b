// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, it } from 'vitest';
import { contentTypeOf, entityOf, partsOf } from './entity.ts';

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const partsIn = (text: string, boundary = 'b', max = 10) =>
  partsOf(Buffer.from(text), boundary, max)?.map(textOf) ?? null;

describe('parts', () => {
  it.each<[string, string, string[]]>([
    ['two', 'preamble\n--b\none\n--b\ntwo\n--b--\nepilogue', ['one', 'two']],
    ['with CRLF', 'preamble\r\n--b\r\none\r\n\r\n--b--\r\n', ['one\r\n']],
    ['white space behind the boundary', '--b \t\none\n--b-- \n', ['one']],
    ['one cut off', '--b\none\n--b\ntw', ['one', 'tw']],
    ['longer boundaries', '--b\none\n--bb\n--b-\n--b--x\n--b--', ['one\n--bb\n--b-\n--b--x']],
    ['boundaries within a line', '--b\none --b\n--b--', ['one --b']],
    ['empty ones', '--b\n--b\n\n--b--', ['', '']],
    ['none after the last', '--b\none\n--b--\n--b\ntwo\n--b--', ['one']],
    ['no boundary', 'nothing', []],
  ])('%s', (_name, body, expected) => {
    expect(partsIn(body)).toEqual(expected);
  });

  it('are not counted for ever', () => {
    expect(partsIn('--b\n'.repeat(10))).toHaveLength(10);
    expect(partsIn('--b\n'.repeat(11))).toBeNull();
  });
});

describe('a header', () => {
  it.each<[string, string | undefined, string]>([
    ['A: 1\n\nbody\n\nmore', '1', 'body\n\nmore'],
    ['A: 1\r\n\r\nbody', '1', 'body'],
    ['\nbody', undefined, 'body'],
    ['A: 1\n', '1', ''],
    ['', undefined, ''],
  ])('%j', (text, value, body) => {
    const entity = entityOf(Buffer.from(text));
    expect(entity.fields[0]?.[1]).toBe(value);
    expect(textOf(entity.body)).toBe(body);
  });
});

describe('Content-Type', () => {
  it.each<[string, string, string | null]>([
    ['multipart/mixed; boundary=b', 'multipart/mixed', 'b'],
    ['Multipart/Signed;\n\tmicalg=sha1; BOUNDARY = "a b;\\"c"', 'multipart/signed', 'a b;"c'],
    ['(a comment) message/rfc822 (another)', 'message/rfc822', null],
    ['nonsense', 'text/plain', null],
    ['', 'text/plain', null],
  ])('%j', (value, type, boundary) => {
    expect(contentTypeOf(entityOf(Buffer.from(`Content-Type: ${value}\n\n`)))).toMatchObject({ type, boundary });
  });
});
