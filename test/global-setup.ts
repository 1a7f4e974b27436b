// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startPostgres } from '@mail-proxy/testkit';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A server where a test file may make its own database; undefined when there is none. */
    pgUrl: string | undefined;
    /** Why there is none: the reason for skipping. '' when there is one. */
    pgSkip: string;
  }
}

/**
 * One PostgreSQL for the whole run.
 *
 * GMP_TEST_DATABASE_URL names an outside server to use instead. Where PostgreSQL cannot start, its tests are skipped
 * with the reason; under CI=true or GMP_REQUIRE_PG=1 the run fails.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const outside = process.env['GMP_TEST_DATABASE_URL'];
  if (outside) {
    provide(project, outside);
    return undefined;
  }
  try {
    const postgres = await startPostgres();
    console.log(`The tests run on PostgreSQL ${postgres.version}`);
    provide(project, postgres.url);
    return () => postgres.stop();
  } catch (error) {
    if (isRequired()) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    console.warn(`Tests on PostgreSQL are skipped: ${reason}`);
    project.provide('pgUrl', undefined);
    project.provide('pgSkip', `PostgreSQL does not start: ${reason}`);
    return undefined;
  }
}

function provide(project: TestProject, url: string): void {
  project.provide('pgUrl', url);
  project.provide('pgSkip', '');
}

function isRequired(): boolean {
  return process.env['CI'] === 'true' || process.env['GMP_REQUIRE_PG'] === '1';
}
