// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { nodeVersionProblem } from './node-version.ts';

test.each(['24.18.0', '24.21.0', '25.0.0', '26.10.0'])('Node %s runs it', (version) => {
  expect(nodeVersionProblem(version, '/usr/bin/node')).toBeNull();
});

test.each(['20.20.2', '22.99.0', '24.17.9'])('Node %s is refused in one line that names it', (version) => {
  const problem = nodeVersionProblem(version, '/usr/bin/node');
  expect(problem).toContain(version);
  expect(problem).toContain('24.18');
  expect(problem).not.toContain('\n');
});
