// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { EXIT } from './exit-codes.ts';
import { nodeVersionProblem } from './node-version.ts';

const problem = nodeVersionProblem(process.versions.node, process.execPath);
if (problem !== null) {
  console.error(problem);
  process.exit(EXIT.config);
}
// Imported only now: the rest brings native code along.
const { runProcess } = await import('./cli/run-process.ts');
await runProcess();
