// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { Histogram } from './histogram.ts';

test('what is observed is counted in all buckets that reach as far, and summed up', () => {
  const histogram = new Histogram({
    name: 'gmp_test_seconds',
    help: 'Help',
    bounds: [0.1, 1],
    label: { name: 'stage', values: ['a', 'b'] },
  });
  for (const value of [0, 0.1, 0.5, 1, 7]) histogram.series[1]?.observe(value);
  expect(histogram.text()).toBe(
    [
      '# HELP gmp_test_seconds Help',
      '# TYPE gmp_test_seconds histogram',
      'gmp_test_seconds_bucket{stage="a",le="0.1"} 0',
      'gmp_test_seconds_bucket{stage="a",le="1"} 0',
      'gmp_test_seconds_bucket{stage="a",le="+Inf"} 0',
      'gmp_test_seconds_sum{stage="a"} 0',
      'gmp_test_seconds_count{stage="a"} 0',
      'gmp_test_seconds_bucket{stage="b",le="0.1"} 2',
      'gmp_test_seconds_bucket{stage="b",le="1"} 4',
      'gmp_test_seconds_bucket{stage="b",le="+Inf"} 5',
      'gmp_test_seconds_sum{stage="b"} 8.6',
      'gmp_test_seconds_count{stage="b"} 5',
      '',
    ].join('\n'),
  );
});

test('without a label there is one series', () => {
  const histogram = new Histogram({ name: 'gmp_test', help: 'Help', bounds: [1] });
  histogram.series[0]?.observe(2);
  expect(histogram.text().split('\n').slice(2)).toEqual([
    'gmp_test_bucket{le="1"} 0',
    'gmp_test_bucket{le="+Inf"} 1',
    'gmp_test_sum 2',
    'gmp_test_count 1',
    '',
  ]);
});
