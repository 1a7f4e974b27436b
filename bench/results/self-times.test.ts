// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, it } from 'vitest';
import { selfTimes } from './self-times.ts';

function node(id: number, functionName: string, url = '', lineNumber = 0) {
  return { id, callFrame: { functionName, url, lineNumber } };
}

it('time counts for the function that was running, by file too, and idle time for none', () => {
  const nodes = [
    node(1, '(idle)'),
    node(2, 'send', 'file:///any/where/packages/core/src/smtp/send.ts', 9),
    node(3, '', 'file:///any/where/packages/core/src/smtp/send.ts', 19),
    node(4, 'parse', 'file:///any/node_modules/.pnpm/a@1/node_modules/a/index.js'),
    node(5, '(garbage collector)'),
  ];
  const samples = [2, 1, 3, 4, 2, 5, 1];
  const timeDeltas = [0, 1_000, 50_000, 2_000, 4_000, 8_000, 16_000];
  expect(selfTimes({ nodes, samples, timeDeltas })).toEqual({
    busyMs: 31,
    files: [
      { name: '(garbage collector)', ms: 16 },
      { name: 'packages/core/src/smtp/send.ts', ms: 11 },
      { name: 'a/index.js', ms: 4 },
    ],
    functions: [
      { name: '(garbage collector)', ms: 16 },
      { name: 'send packages/core/src/smtp/send.ts:10', ms: 9 },
      { name: 'parse a/index.js:1', ms: 4 },
      { name: '(anonymous) packages/core/src/smtp/send.ts:20', ms: 2 },
    ],
  });
});
