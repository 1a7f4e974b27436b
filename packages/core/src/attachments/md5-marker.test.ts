// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { readMd5Marker } from './md5-marker.ts';

const MD5 = '5d41402abc4b2a76b9719d911017c592';

describe('a marker', () => {
  test.each([
    [`report_{MD5:${MD5}}.pdf`, 'report.pdf'],
    [`{MD5:${MD5}}_report.pdf`, 'report.pdf'],
    [`my__report_{MD5:${MD5}}_v2.pdf`, 'my_report_v2.pdf'],
    [`report{MD5:${MD5}}.tar.gz`, 'report.tar.gz'],
    [`report.pdf_{MD5:${MD5}}`, 'report.pdf'],
    [`a{md5:${MD5}}b`, 'ab'],
    [`übersicht {MD5:${MD5}}.pdf`, 'übersicht .pdf'],
    [`.profile_{MD5:${MD5}}`, '.profile'],
  ])('of %s goes, with what joined it to the name', (name, filename) => {
    expect(readMd5Marker(name)).toEqual({ filename, md5: MD5 });
  });

  test.each([
    [`{MD5:${MD5}}`, 'attachment'],
    [`__{MD5:${MD5}}__`, 'attachment'],
    [`{MD5:${MD5}}.pdf`, 'attachment.pdf'],
    [`_{MD5:${MD5}}_.pdf`, 'attachment.pdf'],
  ])('that is all there is of %s leaves a name all the same', (name, filename) => {
    expect(readMd5Marker(name)).toEqual({ filename, md5: MD5 });
  });

  test('in capitals is the same hash', () => {
    expect(readMd5Marker(`a_{MD5:${MD5.toUpperCase()}}.pdf`)).toEqual({ filename: 'a.pdf', md5: MD5 });
  });

  test('that comes before others is the one that counts', () => {
    const other = '0'.repeat(32);
    expect(readMd5Marker(`a_{MD5:${MD5}}_{MD5:${other}}.pdf`)).toEqual({ filename: 'a.pdf', md5: MD5 });
  });
});

test.each([
  'report.pdf',
  'my__report_.pdf',
  '_',
  `report_{MD5:${MD5.slice(1)}}.pdf`,
  `report_{MD5:${MD5}0}.pdf`,
  `report_{MD5:${'g'.repeat(32)}}.pdf`,
  `report_{MD5: ${MD5}}.pdf`,
  `report_{SHA1:${MD5}}.pdf`,
  `report_MD5:${MD5}.pdf`,
])('%s has none and stays as it is', (name) => {
  expect(readMd5Marker(name)).toEqual({ filename: name, md5: null });
});
