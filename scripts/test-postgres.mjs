// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Runs the test files that use PostgreSQL, and no other: for the versions beside the one that every run tests.
// GMP_TEST_PG_BIN or GMP_TEST_DATABASE_URL says which PostgreSQL; what is given here goes on to vitest.
import { postgresSuites } from './postgres-suites.mjs';
import { runSteps } from './steps.mjs';

const command = ['vitest', 'run', ...postgresSuites(), ...process.argv.slice(2)];
const [result] = await runSteps([{ name: 'PostgreSQL suites', command }]);
process.exitCode = result.ok ? 0 : 1;
