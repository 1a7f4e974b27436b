// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { customField } from './header-encoding.ts';
import { checkHeader } from './header-policy.ts';
import { checkUnsubscribeUrl, listUnsubscribeFields } from './list-unsubscribe.ts';

const URL_AT = 'https://example.com/u?id=1,2';

test('both places stand in one field, and one click in another', () => {
  expect(listUnsubscribeFields({ url: URL_AT, mailto: 'leave@example.com', isOneClick: true })).toEqual([
    ['List-Unsubscribe', `<${URL_AT}>, <mailto:leave@example.com>`],
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
  ]);
  expect(listUnsubscribeFields({ url: URL_AT, mailto: null, isOneClick: false })).toEqual([
    ['List-Unsubscribe', `<${URL_AT}>`],
  ]);
});

test('an address is percent-encoded', () => {
  const [[, value] = []] = listUnsubscribeFields({ url: null, mailto: '"a>, <b"+é@example.com', isOneClick: false });
  expect(value).toBe('<mailto:%22a%3E%2C%20%3Cb%22%2B%C3%A9@example.com>');
});

test('the longest URL is written as it is, in a line that is short enough', () => {
  const url = `https://example.com/${'x'.repeat(870)}`;
  expect(checkUnsubscribeUrl(url)).toBeNull();
  const [[name = '', value = ''] = []] = listUnsubscribeFields({ url, mailto: 'a@b.example', isOneClick: false });
  expect(checkHeader(name, value)).toBeNull();
  const lines = customField(name, value).split('\r\n');
  expect(lines).toEqual([`List-Unsubscribe: <${url}>,`, ' <mailto:a@b.example>']);
});

test.each([
  ['http', 'http://example.com/'],
  ['no scheme', 'example.com'],
  ['mailto', 'mailto:a@example.com'],
  ['no host', 'https://'],
  ['a line break', 'https://example.com/\r\nBcc: a@example.com'],
  ['a space', 'https://example.com/a b'],
  ['angle brackets', 'https://example.com/><'],
  ['NUL', 'https://example.com/\0'],
  ['what is not ASCII', 'https://example.com/é'],
  ['891 characters', `https://example.com/${'x'.repeat(871)}`],
])('%s is no place to unsubscribe', (_what, url) => {
  expect(checkUnsubscribeUrl(url)).toEqual(expect.any(String));
});
