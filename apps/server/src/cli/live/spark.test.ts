// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { spark } from './spark.ts';

test('bars are as high as their values, and nothing is a blank', () => {
  expect(spark([0, 1, 4, 8], 10)).toBe(' ▂▅█');
  expect(spark([], 10)).toBe('');
  expect(spark([0, 0], 10)).toBe('  ');
});

test('where there is no room for all, neighbours are added up, the oldest may be fewer', () => {
  expect(spark([8, 1, 1, 1, 1], 3)).toBe('█▃▃');
  expect(spark([1, 2, 3, 4, 5, 6, 7, 8], 4)).toHaveLength(4);
});
