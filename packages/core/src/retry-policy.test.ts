// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EngineConfig, engineConfigSchema } from './config/engine-config.ts';
import { isMailProxyError } from './errors.ts';
import { validate } from './operations/validate.ts';
import {
  DEFAULT_RETRY_POLICY,
  nextRetryMs,
  ORIGINAL_DELAYS_MS,
  type RetryPolicy,
  type RetryPolicyInput,
  resolveRetryPolicy,
  retryPolicyInput,
} from './retry-policy.ts';
import { seededRandom } from './testing/seeded-random.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const parse = (input: unknown): RetryPolicyInput => validate(retryPolicyInput, input);

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (isMailProxyError(error)) return error.problems.map((each) => `${each.pointer}: ${each.message}`);
    throw error;
  }
  return [];
}

const shortest = () => 0.999_999_999;
const longest = () => 0;
/** Delays after the 1st, 2nd... failed attempt, until it is given up or `count` are there. */
function delaysOf(policy: RetryPolicy, random: () => number, count: number): readonly (number | null)[] {
  return Array.from({ length: count }, (_, index) =>
    nextRetryMs(policy, { attempts: index + 1, hintMs: null, random }),
  );
}

describe('the default policy', () => {
  test('doubles from a minute to four hours and never gives up by number', () => {
    const delays = delaysOf(DEFAULT_RETRY_POLICY, longest, 12);
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240, 240].map((minutes) => minutes * MINUTE));
    expect(nextRetryMs(DEFAULT_RETRY_POLICY, { attempts: 5_000, hintMs: null, random: longest })).toBe(4 * HOUR);
    expect(DEFAULT_RETRY_POLICY.maxAgeMs).toBe(4 * 24 * HOUR);
  });

  test('has full jitter: messages that failed together do not come back together', () => {
    const random = seededRandom(1);
    const delays = Array.from({ length: 1_000 }, () =>
      nextRetryMs(DEFAULT_RETRY_POLICY, { attempts: 1, hintMs: null, random }),
    );
    expect(Math.min(...delays.map(Number))).toBeLessThan(MINUTE / 10);
    expect(Math.max(...delays.map(Number))).toBeGreaterThan(MINUTE * 0.9);
  });
});

describe('the original preset', () => {
  const policy = resolveRetryPolicy(DEFAULT_RETRY_POLICY, parse({ preset: 'original' }), null);

  test('retries five times and then gives up', () => {
    const wanted = [1, 5, 15, 60, 120].map((minutes) => minutes * MINUTE);
    expect(delaysOf(policy, () => 0, 7)).toEqual([...wanted, null, null]);
  });

  test('spreads each delay by a tenth at most, never below it', () => {
    const delays = delaysOf(policy, shortest, 5);
    expect(delays.map((delay, index) => Number(delay) / Number(ORIGINAL_DELAYS_MS[index]))).toEqual(
      delays.map(() => expect.closeTo(1.1, 4)),
    );
  });

  test('gives up after the list though the relay names a time', () => {
    expect(nextRetryMs(policy, { attempts: 6, hintMs: 1_000, random: longest })).toBeNull();
  });
});

describe('attempts', () => {
  test('one attempt is no retry', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, maxAttempts: 1 };
    expect(nextRetryMs(policy, { attempts: 1, hintMs: null, random: longest })).toBeNull();
  });

  test('count the first one in', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, maxAttempts: 3 };
    expect(delaysOf(policy, longest, 4)).toEqual([MINUTE, 2 * MINUTE, null, null]);
  });
});

describe("a relay's hint", () => {
  const next = (hintMs: number, attempts = 1, random = longest) =>
    nextRetryMs(DEFAULT_RETRY_POLICY, { attempts, hintMs, random });

  test('is kept, with up to a tenth on top', () => {
    expect(next(5 * MINUTE)).toBe(5 * MINUTE);
    expect(next(5 * MINUTE, 1, shortest)).toBe(5.5 * MINUTE - 1);
    expect(next(5 * MINUTE, 8)).toBe(5 * MINUTE);
  });

  test('never shortens the wait below a second, nor stretches it beyond the longest delay', () => {
    expect(next(1)).toBe(1_000);
    expect(next(48 * HOUR)).toBe(4 * HOUR);
    expect(next(4 * HOUR, 1, shortest)).toBe(4 * HOUR);
  });

  test('that is always one second does not mean an attempt each second for days', () => {
    const delays = Array.from({ length: 15 }, (_, index) => Number(next(1_000, index + 1)));
    expect(delays.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(delays.at(-1)).toBe(4 * HOUR);
  });

  test('that is no number or not above zero is none', () => {
    for (const hintMs of [0, -5, Number.NaN]) expect(next(hintMs)).toBe(MINUTE);
  });
});

const milliseconds = fc.double({ min: 1, max: 1e10, noNaN: true });
const policies: fc.Arbitrary<RetryPolicy> = fc.record({
  baseMs: milliseconds,
  factor: fc.double({ min: 1, max: 100, noNaN: true }),
  maxDelayMs: milliseconds,
  maxAgeMs: milliseconds,
  delaysMs: fc.option(fc.array(milliseconds, { maxLength: 10 })),
  maxAttempts: fc.option(fc.integer({ min: 1, max: 20 })),
});
const luck = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('every policy and every circumstance has an answer within the bounds', () => {
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: -1, max: 1e6 }),
      fc.option(fc.double()),
      luck,
      (policy, attempts, hintMs, r) => {
        const delay = nextRetryMs(policy, { attempts, hintMs, random: () => r });
        const tried = Math.max(1, attempts);
        const isUsedUp =
          (policy.maxAttempts !== null && tried >= policy.maxAttempts) ||
          (policy.delaysMs !== null && tried > policy.delaysMs.length);
        if (isUsedUp || delay === null) {
          expect(delay).toBeNull();
          expect(isUsedUp).toBe(true);
          return;
        }
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(100);
        const listed = policy.delaysMs?.[tried - 1] ?? 0;
        expect(delay).toBeLessThanOrEqual(Math.max(101, Math.round(policy.maxDelayMs), listed * 1.1));
      },
    ),
  );
});

test('a listed delay is never shortened, and lengthened by a tenth at most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1_000, max: 1e9 }), { minLength: 1, maxLength: 10 }),
      luck,
      (delaysMs, r) => {
        const policy = { ...DEFAULT_RETRY_POLICY, delaysMs };
        for (const [index, listed] of delaysMs.entries()) {
          const delay = Number(nextRetryMs(policy, { attempts: index + 1, hintMs: null, random: () => r }));
          expect(delay).toBeGreaterThanOrEqual(listed);
          expect(delay).toBeLessThanOrEqual(listed * 1.1);
        }
      },
    ),
  );
});

describe('resolveRetryPolicy', () => {
  test('without overrides the base holds', () => {
    expect(resolveRetryPolicy(DEFAULT_RETRY_POLICY, null, null)).toEqual(DEFAULT_RETRY_POLICY);
    expect(resolveRetryPolicy(DEFAULT_RETRY_POLICY, {}, null)).toEqual(DEFAULT_RETRY_POLICY);
  });

  test('the account wins over the tenant, field by field', () => {
    const tenant = parse({ base_seconds: 30, factor: 3, max_delay_seconds: 600, max_age_seconds: 3_600 });
    const account = parse({ base_seconds: 10, max_attempts: 4 });
    expect(resolveRetryPolicy(DEFAULT_RETRY_POLICY, tenant, account)).toEqual({
      baseMs: 10_000,
      factor: 3,
      maxDelayMs: 600_000,
      maxAgeMs: 3_600_000,
      delaysMs: null,
      maxAttempts: 4,
    });
  });

  test("a tenant's list stays in force where the account sets its age only", () => {
    const policy = resolveRetryPolicy(
      DEFAULT_RETRY_POLICY,
      parse({ delays_seconds: [5, 6] }),
      parse({ max_age_seconds: 60 }),
    );
    expect(policy.delaysMs).toEqual([5_000, 6_000]);
    expect(policy.maxAgeMs).toBe(MINUTE);
  });

  test('an account that names a base has growing delays, whatever list its tenant has', () => {
    const policy = resolveRetryPolicy(DEFAULT_RETRY_POLICY, parse({ preset: 'original' }), parse({ base_seconds: 20 }));
    expect(policy.delaysMs).toBeNull();
    expect(policy.baseMs).toBe(20_000);
  });

  test('a preset brings its own number of attempts, unless one is set with it', () => {
    const tenant = parse({ max_attempts: 2 });
    expect(resolveRetryPolicy(DEFAULT_RETRY_POLICY, tenant, parse({ preset: 'original' })).maxAttempts).toBeNull();
    const account = parse({ preset: 'original', max_attempts: 3 });
    expect(resolveRetryPolicy(DEFAULT_RETRY_POLICY, tenant, account).maxAttempts).toBe(3);
  });
});

describe('retryPolicyInput', () => {
  test('what was parsed may be stored as JSON and parsed again', () => {
    const input = { base_seconds: 1, factor: 1.5, max_delay_seconds: 2, max_age_seconds: 3, max_attempts: 9 };
    expect(parse(JSON.parse(JSON.stringify(parse(input))))).toEqual(input);
  });

  test.each([
    [{ preset: 'genro' }, '/preset: expected "original"'],
    [{ base_seconds: 0 }, '/base_seconds: expected whole seconds from 1 to 2592000 (30 days)'],
    [{ base_seconds: '60' }, '/base_seconds: expected whole seconds from 1 to 2592000 (30 days)'],
    [{ max_age_seconds: 2_592_001 }, '/max_age_seconds: expected whole seconds from 1 to 2592000 (30 days)'],
    [{ factor: 0.5 }, '/factor: expected a number from 1 to 100'],
    [{ max_attempts: 0 }, '/max_attempts: expected a whole number from 1 to 1000'],
    [{ delays_seconds: [] }, '/delays_seconds: expected a list of 1 to 100 delays'],
    [{ delays_seconds: [60, 0] }, '/delays_seconds/1: expected whole seconds from 1 to 2592000 (30 days)'],
    [{ delays_seconds: [60], preset: 'original' }, ': expected a preset or delays_seconds, not both'],
    [{ delays_seconds: [60], factor: 2 }, ': expected base_seconds and factor, or a list of delays, not both'],
    [{ preset: 'original', base_seconds: 2 }, ': expected base_seconds and factor, or a list of delays, not both'],
    [{ baseMs: 5 }, '/baseMs: '],
  ])('%j is refused', (input, problem) => {
    const problems = problemsOf(() => parse(input));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});

describe('the configuration', () => {
  const retryOf = (retry: unknown): EngineConfig['retry'] =>
    validate(engineConfigSchema, { database: ':memory:', retry }).retry;

  test('has the default policy when it says nothing', () => {
    expect(validate(engineConfigSchema, { database: ':memory:' }).retry).toEqual(DEFAULT_RETRY_POLICY);
    expect(retryOf({})).toEqual(DEFAULT_RETRY_POLICY);
  });

  test('takes the preset', () => {
    expect(retryOf({ preset: 'original', maxAgeMs: HOUR })).toEqual({
      ...DEFAULT_RETRY_POLICY,
      delaysMs: ORIGINAL_DELAYS_MS,
      maxAgeMs: HOUR,
    });
  });

  test('takes delays and attempts in milliseconds', () => {
    expect(retryOf({ delaysMs: [10, 20], maxAttempts: 2 })).toEqual({
      ...DEFAULT_RETRY_POLICY,
      delaysMs: [10, 20],
      maxAttempts: 2,
    });
  });

  test('once parsed is parsed again to the same', () => {
    for (const retry of [{}, { preset: 'original' }, { delaysMs: [10], maxAttempts: 3 }, { baseMs: 5, factor: 3 }]) {
      const parsed = retryOf(retry);
      expect(retryOf(parsed)).toEqual(parsed);
    }
  });

  test('refuses a preset beside delays, base or factor', () => {
    expect(problemsOf(() => retryOf({ preset: 'original', delaysMs: [1] }))).toHaveLength(1);
    expect(problemsOf(() => retryOf({ preset: 'original', factor: 2 }))).toHaveLength(1);
  });
});
