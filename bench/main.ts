// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The bench: plans by name, each a table or several. See README.md.
import { createProgram } from './cli/program.ts';
import { runPlans } from './cli/run-plans.ts';

// What was started ends with the process, as it does at a normal end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await createProgram(async (plans, options) => {
  process.exitCode = (await runPlans(plans, options)) ? 0 : 1;
}).parseAsync();
