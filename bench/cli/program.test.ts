// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, it } from 'vitest';
import type { BenchOptions, Plan } from '../plans/plan.ts';
import { createProgram, type OutputOptions } from './program.ts';

type Call = readonly [plans: readonly string[], options: BenchOptions & OutputOptions];

async function parse(...args: readonly string[]): Promise<Call> {
  const calls: Call[] = [];
  const program = createProgram(async (plans: readonly Plan[], options) => {
    calls.push([plans.map(({ name }) => name), options]);
  });
  program.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(args, { from: 'user' });
  const [call] = calls;
  if (call === undefined) throw new Error('nothing was run');
  return call;
}

it('plans run in the order in which they are named, and all of them when none is', async () => {
  expect((await parse('drain', 'rtt'))[0]).toEqual(['drain', 'rtt']);
  expect((await parse())[0]).toHaveLength(13);
});

it('what is left out is left to the plans', async () => {
  const [, options] = await parse('rtt');
  expect(options).toMatchObject({ rounds: null, messages: null, rows: null, peers: false, json: false, out: null });
  const [, given] = await parse('rtt', '--rounds', '3', '--messages', '200', '--peers', '--rows', 'raw|ours');
  expect(given).toMatchObject({ rounds: 3, messages: 200, peers: true, rows: /raw|ours/i });
});

it.each([['nothing'], ['rtt', '--rounds', '0'], ['rtt', '--messages', 'many'], ['rtt', '--rows', '(']])(
  'refuses %s %s %s',
  async (...args) => {
    await expect(parse(...args)).rejects.toThrow('invalid');
  },
);
