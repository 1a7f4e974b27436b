// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Random } from './clock.ts';
import { MIN_DELAY_MS, retryDelayMs } from './retry-delay.ts';

/** When a message that failed for now is tried again, and when it is given up. Times are milliseconds. */
export interface RetryPolicy {
  /** Ceiling of the first delay. */
  readonly baseMs: number;
  /** Growth of the ceiling with each failed attempt, at least 1. */
  readonly factor: number;
  /** Highest ceiling, and the longest time that a relay's hint may ask for. */
  readonly maxDelayMs: number;
  /** A message that still fails so long after it was accepted is given up. */
  readonly maxAgeMs: number;
  /** Delays after the first, second... failed attempt, in place of base, factor and ceiling; once used up, it is given up. */
  readonly delaysMs: readonly number[] | null;
  /** Attempts in all, the first counted in; null for no limit but the age. */
  readonly maxAttempts: number | null;
}

/** Delays of genro-mail-proxy: one attempt and five more, a little over three hours. */
export const ORIGINAL_DELAYS_MS: readonly number[] = [60_000, 300_000, 900_000, 3_600_000, 7_200_000];

/** RFC 5321 §4.5.4.1 asks for four to five days before a message is given up. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  baseMs: 60_000,
  factor: 2,
  maxDelayMs: 14_400_000,
  maxAgeMs: 345_600_000,
  delaysMs: null,
  maxAttempts: null,
};

const MAX_SECONDS = 2_592_000;
const SECONDS = `expected whole seconds from 1 to ${MAX_SECONDS} (30 days)`;
const seconds = v.pipe(v.number(SECONDS), v.integer(SECONDS), v.minValue(1, SECONDS), v.maxValue(MAX_SECONDS, SECONDS));
const FACTOR = 'expected a number from 1 to 100';
const ATTEMPTS = 'expected a whole number from 1 to 1000';
const LIST = 'expected a list of 1 to 100 delays';

/** Growth of the delays, as it is given on the wire and in the configuration. */
export const retryFactor = v.pipe(v.number(FACTOR), v.minValue(1, FACTOR), v.maxValue(100, FACTOR));
/** How often a message is tried at most, as it is given on the wire and in the configuration. */
export const retryAttempts = v.pipe(
  v.number(ATTEMPTS),
  v.integer(ATTEMPTS),
  v.minValue(1, ATTEMPTS),
  v.maxValue(1_000, ATTEMPTS),
);
/** A list of delays, as it is given on the wire and in the configuration. */
export const retryDelays = <Delay extends v.GenericSchema<number, number>>(delay: Delay) =>
  v.pipe(v.array(delay, LIST), v.minLength(1, LIST), v.maxLength(100, LIST));
/** `original`: the delays of {@link ORIGINAL_DELAYS_MS}. */
export const retryPreset = v.picklist(['original'], 'expected "original"');

/**
 * What a tenant or an account may set of its own; what is absent is taken from the level above. A preset or a list of
 * delays stands in place of base, factor and ceiling, so they do not go together.
 *
 * @example `{ "delays_seconds": [60, 600, 3600], "max_age_seconds": 86400 }`
 */
export const retryPolicyInput = v.pipe(
  v.strictObject({
    preset: v.optional(retryPreset),
    base_seconds: v.optional(seconds),
    factor: v.optional(retryFactor),
    max_delay_seconds: v.optional(seconds),
    max_age_seconds: v.optional(seconds),
    delays_seconds: v.optional(retryDelays(seconds)),
    max_attempts: v.optional(retryAttempts),
  }),
  v.check(
    ({ preset, delays_seconds }) => preset === undefined || delays_seconds === undefined,
    'expected a preset or delays_seconds, not both',
  ),
  v.check(
    ({ preset, delays_seconds, base_seconds, factor }) =>
      (preset === undefined && delays_seconds === undefined) || (base_seconds === undefined && factor === undefined),
    'expected base_seconds and factor, or a list of delays, not both',
  ),
);
export type RetryPolicyInput = v.InferOutput<typeof retryPolicyInput>;

/** The parts of a policy that one level sets, in milliseconds. */
export interface RetryPolicyChange {
  readonly preset?: 'original' | undefined;
  readonly baseMs?: number | undefined;
  readonly factor?: number | undefined;
  readonly maxDelayMs?: number | undefined;
  readonly maxAgeMs?: number | undefined;
  readonly delaysMs?: readonly number[] | null | undefined;
  readonly maxAttempts?: number | null | undefined;
}

/**
 * Put one level on top of another. A level that names a base or a factor means growing delays again, whatever list
 * was in force above it; a preset brings its own number of attempts.
 */
export function changeRetryPolicy(policy: RetryPolicy, change: RetryPolicyChange): RetryPolicy {
  const isGrowing = change.baseMs !== undefined || change.factor !== undefined;
  const isPreset = change.preset !== undefined;
  const delaysMs = isPreset ? ORIGINAL_DELAYS_MS : isGrowing ? null : policy.delaysMs;
  return {
    baseMs: change.baseMs ?? policy.baseMs,
    factor: change.factor ?? policy.factor,
    maxDelayMs: change.maxDelayMs ?? policy.maxDelayMs,
    maxAgeMs: change.maxAgeMs ?? policy.maxAgeMs,
    delaysMs: change.delaysMs ?? delaysMs,
    maxAttempts: change.maxAttempts ?? (isPreset ? null : policy.maxAttempts),
  };
}

/** Work out the policy that holds: the base, changed by each override in turn (tenant first, account last). */
export function resolveRetryPolicy(base: RetryPolicy, ...overrides: readonly (RetryPolicyInput | null)[]): RetryPolicy {
  return overrides.reduce<RetryPolicy>(
    (policy, override) => (override === null ? policy : changeRetryPolicy(policy, inMilliseconds(override))),
    base,
  );
}

export interface RetryCircumstances {
  /** Attempts that were counted since the last retry by hand, the one that just failed among them; 1 or more. */
  readonly attempts: number;
  /** What the relay asked for (`retryHintMs`); null if it said nothing of it. */
  readonly hintMs: number | null;
  readonly random: Random;
}

/** Shortest wait after a relay named a time: it asked for patience, not for haste. */
const MIN_HINT_MS = 1_000;
/** Part of a listed or hinted delay that is added at most, so that what failed together does not come back together. */
const SPREAD = 0.1;

/**
 * Milliseconds until the next attempt, a whole number; null when the list or the attempts are used up and the message
 * is to be given up. Whether it grew too old (`maxAgeMs`) is the caller's to see.
 *
 * - A relay's hint is kept up to `maxDelayMs`, and never shortens the wait below one second. That floor doubles
 *   with each attempt, so that a relay that says "in one second" for days is not asked every second for days.
 * - A listed delay is kept as given, though it be longer than `maxDelayMs`.
 * - Both get up to a tenth on top. Growing delays are drawn by full jitter, see `retryDelayMs`.
 */
export function nextRetryMs(policy: RetryPolicy, circumstances: RetryCircumstances): number | null {
  const { hintMs, random } = circumstances;
  const attempts = Math.max(1, Math.floor(circumstances.attempts));
  if (policy.maxAttempts !== null && attempts >= policy.maxAttempts) return null;
  const listed = policy.delaysMs?.[attempts - 1];
  if (policy.delaysMs !== null && listed === undefined) return null;
  if (hintMs !== null && hintMs > 0) {
    const floor = MIN_HINT_MS * 2 ** Math.min(attempts - 1, 31);
    const delay = Math.min(spread(Math.max(hintMs, floor), random), policy.maxDelayMs);
    return Math.max(MIN_DELAY_MS, Math.floor(delay));
  }
  if (listed !== undefined) return Math.max(MIN_DELAY_MS, Math.floor(spread(listed, random)));
  return retryDelayMs(attempts, policy, random);
}

function spread(delayMs: number, random: Random): number {
  return delayMs * (1 + SPREAD * random());
}

function inMilliseconds(input: RetryPolicyInput): RetryPolicyChange {
  return {
    preset: input.preset,
    baseMs: ms(input.base_seconds),
    factor: input.factor,
    maxDelayMs: ms(input.max_delay_seconds),
    maxAgeMs: ms(input.max_age_seconds),
    delaysMs: input.delays_seconds?.map((each) => each * 1_000),
    maxAttempts: input.max_attempts,
  };
}

function ms(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 1_000;
}
