// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  buildHeaderValue,
  decodePunycode,
  detectMimeType,
  encodeWord,
  encodeWords,
  quoteString,
} from './nodemailer-primitives.ts';

const ROOT = new URL('../../../../../', import.meta.url);

test('the version is an exact one, so that only a change of the catalog changes what lies below the front door', () => {
  const catalog = readFileSync(new URL('pnpm-workspace.yaml', ROOT), 'utf8');
  const [, version] = /^catalog:\n(?: {2}.*\n)*? {2}nodemailer: (.*)$/m.exec(catalog) ?? [];
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(readFileSync(new URL('packages/core/package.json', ROOT), 'utf8')).toContain('"nodemailer": "catalog:"');
});

describe('what is used of nodemailer beyond its documented interface', () => {
  test('encodeWord gives encoded-words of the asked length that hold whole characters', () => {
    const words = encodeWord('Però questa è una riga più lunga di una parola codificata', 'Q', 52).split(' ');
    expect(words.length).toBeGreaterThan(1);
    for (const word of words) expect(word).toMatch(/^=\?UTF-8\?Q\?(?:[A-Za-z0-9!*+\-/_]|=[0-9A-F]{2})+\?=$/);
    expect(Math.max(...words.map((word) => word.length))).toBeLessThanOrEqual(52);
    expect(encodeWord('日本', 'B', 52)).toBe('=?UTF-8?B?5pel5pys?=');
  });

  test('encodeWord escapes CR, LF and NUL', () => {
    expect(encodeWord('a\r\nb\0', 'Q', 52)).toBe('=?UTF-8?Q?a=0D=0Ab=00?=');
  });

  test('encodeWords leaves a valid encoded-word and the ASCII words around an accent alone', () => {
    expect(encodeWords('=?utf-8?Q?caf=C3=A9?= ok', 'Q', 52)).toBe('=?utf-8?Q?caf=C3=A9?= ok');
    expect(encodeWords('Zoë <zoe@example.com>', 'Q', 52)).toBe('=?UTF-8?Q?Zo=C3=AB?= <zoe@example.com>');
  });

  test('buildHeaderValue quotes a name with spaces and writes others by RFC 2231', () => {
    const value = (filename: string) => buildHeaderValue({ value: 'attachment', params: { filename } });
    expect(value('a b.txt')).toBe('attachment; filename="a b.txt"');
    expect(value('è.txt')).toBe("attachment; filename*0*=utf-8''%C3%A8.txt");
  });

  test('quoteString escapes quotes and backslashes', () => {
    expect(quoteString('a "b" \\')).toBe('"a \\"b\\" \\\\"');
  });

  test('detectMimeType knows an extension without its dot', () => {
    expect(detectMimeType('pdf')).toBe('application/pdf');
    expect(detectMimeType('no-such-type')).toBe('application/octet-stream');
  });

  test('decodePunycode decodes, and throws on what is no Punycode', () => {
    expect(decodePunycode('bcher-kva')).toBe('bücher');
    expect(() => decodePunycode('0')).toThrow();
  });
});
