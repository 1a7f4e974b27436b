// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { writeFileSync } from 'node:fs';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { describeFailures, readFailures } from './failed-tests.ts';
import type { Failure } from './failure.ts';

const failure = (name: string, error: readonly string[]): Failure => ({
  file: 'packages/core/test/kill.test.ts',
  name,
  tookMs: 30_012,
  timeoutMs: 30_000,
  load: 4.25,
  error,
});

test('a failure is said with its file, full name, time, timeout and error', () => {
  expect(describeFailures('tests', [failure('a suite > waits', ['Error: timed out', 'at kill.test.ts:7'])])).toEqual([
    'FAILED in tests: packages/core/test/kill.test.ts > a suite > waits',
    '  took 30.0 s, timeout 30.0 s, load 4.3',
    '    Error: timed out',
    '    at kill.test.ts:7',
  ]);
});

test('many failures are each said in fewer lines, and those beyond the limit are counted', () => {
  const long = Array.from({ length: 40 }, (_, line) => `line ${line} of a long error`);
  const many = (count: number) =>
    describeFailures(
      'tests',
      Array.from({ length: count }, (_, n) => failure(`test ${n}`, long)),
    );
  expect(many(1)).toHaveLength(2 + 15);
  for (const count of [10, 30, 3_000]) {
    const said = many(count);
    const named = said.filter((line) => line.startsWith('FAILED')).length;
    expect(Buffer.byteLength(said.join('\n'))).toBeLessThan(6_100);
    expect(said.at(-1)).toBe(named < count ? `... and ${count - named} more failed in tests` : said.at(-1));
    expect(named).toBeGreaterThanOrEqual(Math.min(count, 25));
  }
});

test('a run that was killed while it wrote leaves what came before', () => {
  using dir = tempDir();
  expect(readFailures(dir.file('none'))).toEqual([]);
  writeFileSync(dir.file('half'), `${JSON.stringify(failure('whole', []))}\n{"file":"packages/co`);
  expect(readFailures(dir.file('half'))).toEqual([failure('whole', [])]);
});
