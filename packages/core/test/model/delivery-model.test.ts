// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { ModelRun } from './model-run.case.ts';

/*
 * GMP_MODEL_SEEDS=7,8,9 runs these seeds in place of the fixed ones, GMP_MODEL_STEPS=1000 makes them longer, and
 * GMP_MODEL_PRINT=1 shows what happened in each.
 */
const FIXED = process.env['GMP_MODEL_SEEDS']?.split(',').map(Number) ?? [1, 2, 3, 4];
const STEPS = Number(process.env['GMP_MODEL_STEPS'] ?? 150);

async function run(seed: number, steps: number): Promise<ReturnType<ModelRun['summary']>> {
  using model = await ModelRun.open(seed);
  for (let step = 0; step < steps; step++) {
    try {
      await model.step();
    } catch (cause) {
      throw new Error(`seed ${seed}, step ${step}`, { cause });
    }
  }
  await model.finish();
  const summary = model.summary();
  if (process.env['GMP_MODEL_PRINT'] !== undefined) console.log(seed, summary);
  return summary;
}

test.each(FIXED)(
  'after cuts, pauses, kills and commands at every step the database agrees with the relay (seed %i)',
  async (seed) => {
    const { mails, taken } = await run(seed, STEPS);
    expect(mails).toBeGreaterThan(STEPS / 2);
    expect(taken).toBeGreaterThan(mails / 3);
  },
  300_000,
);

test('a seed nobody chose', async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  console.log(`delivery model: GMP_MODEL_SEEDS=${seed}`);
  await run(seed, STEPS);
}, 300_000);

test('the same seed is the same run', async () => {
  const steps = Math.min(STEPS, 40);
  expect(await run(1, steps)).toEqual(await run(1, steps));
}, 300_000);
