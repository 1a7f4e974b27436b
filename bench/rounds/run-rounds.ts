// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CountingSinkProcess } from '@mail-proxy/testkit';
import type { Row } from '../smoke/row.ts';

/** Sends all its messages to the sink, once. */
export type Contender = (sink: CountingSinkProcess) => Promise<Row>;

export interface Rounds {
  readonly rounds: number;
  readonly openSink: () => Promise<CountingSinkProcess>;
}

/**
 * Let all contenders run in turn, again and again, each round from another one on: what the machine does meanwhile meets
 * all of them alike. Each run has a sink of its own.
 *
 * @returns the rows of each contender
 */
export async function runRounds(
  contenders: readonly Contender[],
  { rounds, openSink }: Rounds,
): Promise<readonly (readonly Row[])[]> {
  const rows = contenders.map((): Row[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length;
      await using sink = await openSink();
      const row = await contenders[index]?.(sink);
      if (row === undefined) continue;
      rows[index]?.push(row);
      console.error(`round ${round + 1}/${rounds}: ${row.row}, ${row.messages_per_second.toFixed(0)} messages/s`);
    }
  }
  return rows;
}
