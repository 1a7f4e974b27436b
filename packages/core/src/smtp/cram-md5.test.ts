// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { cramMd5Response } from './cram-md5.ts';

test('the answer is that of the example in RFC 2195', () => {
  const challenge = Buffer.from('<1896.697170952@postoffice.reston.mci.net>').toString('base64');
  const response = cramMd5Response('tim', 'tanstaaftanstaaf', challenge);
  expect(Buffer.from(response, 'base64').toString()).toBe('tim b913a602c7eda7a495b4e6e7334d3890');
});
