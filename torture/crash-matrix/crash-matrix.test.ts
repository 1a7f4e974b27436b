// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { describe, expect, inject, test } from 'vitest';
import { openTriedDatabase } from '../world/tried-database.ts';
import { FAULTS, POLICIES, type Step } from './cells.ts';
import { brokenPromise, PROMISED, promisedOf } from './promised.ts';
import { withMatrix } from './render-matrix.ts';
import { runCrashes } from './run-crashes.ts';

const PAGE = new URL('../../docs/reference/reliability.md', import.meta.url);

test('nothing that is promised is a loss, or a copy too many that nobody is told of', () => {
  const broken = FAULTS.flatMap((fault) =>
    // The keys of that object are these.
    (Object.keys(PROMISED[fault]) as Step[]).flatMap((step) =>
      POLICIES.map((policy) => {
        const outcome = PROMISED[fault][step]?.[policy];
        return outcome && brokenPromise({ policy, outcome });
      }),
    ),
  );
  expect(broken.filter((what) => what !== null)).toEqual([]);
});

test('the page shows what is promised', () => {
  const page = readFileSync(PAGE, 'utf8');
  expect(page).toBe(withMatrix(page));
});

const withoutPostgres = inject('pgSkip') !== '';

describe.for(['sqlite', 'postgres'] as const)('on %s', (kind) => {
  test.skipIf(kind === 'postgres' && withoutPostgres).for(FAULTS)(
    'a %s at each step of a delivery ends as promised',
    { timeout: 240_000 },
    async (fault) => {
      await using database = await openTriedDatabase(kind, { postgresUrl: inject('pgUrl') });
      const cells = await runCrashes({ database, fault });
      const rows = cells.map((cell) => [cell.step, cell.policy, cell.outcome]);
      expect(rows).toEqual(cells.map((cell) => [cell.step, cell.policy, promisedOf(cell)]));
      expect(cells.map(brokenPromise).filter((what) => what !== null)).toEqual([]);
    },
  );
});
