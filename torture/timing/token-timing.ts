// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine } from '@mail-proxy/core';

export interface TimingResult {
  readonly pairs: number;
  /** Of Welch's test: beyond 4.5 the two can be told apart. */
  readonly t: number;
}

/** One in so many is left out at the upper end: the machine was busy with something else. */
const OUTLIERS = 0.05;

/**
 * Time how long it takes to refuse a token of which the secret begins rightly, against one of which it does not, by turns
 * in an order that chance decides.
 *
 * @see https://eprint.iacr.org/2016/1123 (dudect)
 */
export async function timeTokens(pairs: number, random: () => number): Promise<TimingResult> {
  await using engine = await createMailEngine({ config: { database: ':memory:' } });
  await engine.execute('tenants.create', { id: 'acme' });
  const made = await engine.execute('api-keys.create', { tenant_id: 'acme' });
  const { api_key: right } = made as { readonly api_key: string };
  const at = right.length - 43;
  const other = (text: string, index: number): string =>
    text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);
  /** All but the last character of it, and all but the first. */
  const tokens = [other(right, right.length - 1), other(right, at)] as const;
  const times: readonly [number[], number[]] = [[], []];
  const time = async (which: 0 | 1): Promise<void> => {
    const begunAt = process.hrtime.bigint();
    await engine.authenticate(tokens[which]).catch(() => undefined);
    times[which].push(Number(process.hrtime.bigint() - begunAt));
  };
  for (let pair = 0; pair < pairs; pair++) {
    const first = random() < 0.5 ? 0 : 1;
    await time(first);
    await time(first === 0 ? 1 : 0);
  }
  return { pairs, t: welch(without(times[0]), without(times[1])) };
}

function without(times: readonly number[]): readonly number[] {
  return times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length * (1 - OUTLIERS)));
}

function welch(a: readonly number[], b: readonly number[]): number {
  const mean = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0) / all.length;
  const [ofA, ofB] = [mean(a), mean(b)];
  const error = (all: readonly number[], of: number): number =>
    all.reduce((sum, each) => sum + (each - of) ** 2, 0) / (all.length - 1) / all.length;
  return (ofA - ofB) / Math.sqrt(error(a, ofA) + error(b, ofB));
}
