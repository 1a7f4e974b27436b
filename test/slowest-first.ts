// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take half a minute and more on two cores, the longest first. vitest knows only the sizes of files in a
 * fresh clone; one of these that began last would run alone at the end. `clocks` waits for most of its minute.
 */
const SLOWEST = [
  'packages/core/test/instances/clocks.test.ts',
  'packages/core/test/conformance/postgres.test.ts',
  'packages/core/test/kill.test.ts',
  'packages/core/src/entities/entities.test.ts',
  'apps/server/test/killed-instances.test.ts',
  'packages/core/test/engine/fairness.test.ts',
  'packages/core/test/postgres/faults.test.ts',
  'packages/core/test/upgrade/many-starts.test.ts',
];

/** Begins with the slowest files, so that the others fill the time beside and after them. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rest = await super.sort(files);
    const slowest = SLOWEST.flatMap((path) => rest.filter(({ moduleId }) => moduleId.endsWith(path)));
    return [...slowest, ...rest.filter((file) => !slowest.includes(file))];
  }
}
