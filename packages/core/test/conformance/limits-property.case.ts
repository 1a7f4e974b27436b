// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RateLimits } from '../../src/entities/account/account.model.ts';
import { LimitRun, type Plan, type Step } from './limit-run.case.ts';
import { createWorld, type OpenStore } from './store-world.case.ts';

/** Small, so that a few messages reach them. */
const limits: fc.Arbitrary<RateLimits> = fc.record({
  perMinute: fc.option(fc.integer({ min: 1, max: 4 })),
  perHour: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 2 }),
  perDay: fc.option(fc.integer({ min: 2, max: 9 }), { freq: 1 }),
  unit: fc.constantFrom('message', 'recipient'),
});

const lane = fc.nat({ max: 1 });
const session = fc.nat({ max: 2 });
/** Which of the messages in flight, taken modulo their number. */
const flight = fc.nat({ max: 9 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('claim'), session, lane, quota: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hand'), flight }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('sink'), flight }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('settle'), flight }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release'), flight }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die'), session }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rescue') }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass'),
      ms: fc.constantFrom(1, 249, 250, 7_777, 59_999, 60_000, 3_599_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('follow'), lane }) },
);

const plan: fc.Arbitrary<Plan> = fc.record({
  account: limits,
  tenant: limits,
  messages: fc.array(
    fc.record({
      lane,
      recipients: fc.constantFrom(1, 1, 1, 2, 3, 6),
      policy: fc.constantFrom('retry', 'hold', 'fail'),
    }),
    { minLength: 4, maxLength: 14 },
  ),
  steps: fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }),
});

export function limitsProperty(open: OpenStore): void {
  test('whoever claims, sends, settles, gives back or dies in whatever order, no window at the relay sees more than its limit, and all is sent', async () => {
    await using world = await createWorld(open);
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(plan, async (made) => {
        const run = await LimitRun.begin(world, `run-${runs++}`, made);
        for (const one of made.steps) await run.step(one);
        await run.finish();
        run.check();
        expect(await run.unfinished()).toEqual([]);
      }),
      // A failing run prints its seed and path.
      {
        numRuns: Number(process.env['GMP_LIMIT_RUNS'] ?? 25),
        endOnFailure: false,
        ...seedOf(process.env['GMP_LIMIT_SEED']),
      },
    );
  }, 240_000);
}

function seedOf(text: string | undefined): { seed?: number } {
  return text === undefined ? {} : { seed: Number(text) };
}
