// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The bench: plans by name, each a table or several. See README.md.
import { createProgram } from './cli/program.ts';
import { runPlans } from './cli/run-plans.ts';

await createProgram(async (plans, options) => {
  process.exitCode = (await runPlans(plans, options)) ? 0 : 1;
}).parseAsync();
