// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Torture: real servers, and what is around them broken on purpose. See README.md.
import { createProgram } from './cli/program.ts';
import { runFuzzing } from './cli/run-fuzzing.ts';
import { runLoads } from './cli/run-loads.ts';
import { runMatrix } from './cli/run-matrix.ts';
import { runScenarios } from './cli/run-scenarios.ts';
import { runTiming } from './cli/run-timing.ts';

// What was started ends with the process, as it does at a normal end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await createProgram({
  runScenarios: async (scenarios, options) => {
    process.exitCode = (await runScenarios(scenarios, options)) ? 0 : 1;
  },
  runMatrix: async (options) => {
    process.exitCode = (await runMatrix(options)) ? 0 : 1;
  },
  runFuzzing: async (options) => {
    process.exitCode = (await runFuzzing(options)) ? 0 : 1;
  },
  runTiming: async (options) => {
    process.exitCode = (await runTiming(options)) ? 0 : 1;
  },
  runLoads: async (loads, options) => {
    process.exitCode = (await runLoads(loads, options)) ? 0 : 1;
  },
}).parseAsync();
