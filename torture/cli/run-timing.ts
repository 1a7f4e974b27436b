// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { seededRandom } from '@mail-proxy/core/testing';
import { timeTokens } from '../timing/token-timing.ts';
import type { TimingOptions } from './program.ts';

/** Beyond this the two can be told apart, by the rule of dudect. */
const MAX_T = 4.5;

/** @returns whether the time tells nothing */
export async function runTiming({ pairs, seed }: TimingOptions): Promise<boolean> {
  process.stderr.write(`seed ${seed}\n`);
  const { t } = await timeTokens(pairs, seededRandom(seed));
  console.log(`${pairs} pairs, t = ${t.toFixed(2)}, at most ${MAX_T} is to hold`);
  return Math.abs(t) < MAX_T;
}
