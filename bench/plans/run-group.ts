// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { FigureName, Row } from '../results/row.ts';
import type { Group } from './plan.ts';

/**
 * Let all contenders run in turn, again and again, each round from another one on: what the machine does meanwhile meets
 * all of them alike.
 *
 * @returns the rows of each contender
 */
export async function runGroup(
  { contenders, compared }: Pick<Group, 'contenders' | 'compared'>,
  rounds: number,
): Promise<readonly (readonly Row[])[]> {
  const rows = contenders.map((): Row[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length;
      const contender = contenders[index];
      if (contender === undefined) continue;
      try {
        const row = await contender.run();
        rows[index]?.push(row);
        console.error(`round ${round + 1}/${rounds}: ${row.row}, ${figureOf(row, compared)}`);
      } catch (error) {
        throw new Error(`${contender.row} failed`, { cause: error });
      }
    }
  }
  return rows;
}

function figureOf({ figures }: Row, name: FigureName): string {
  const value = figures[name] ?? null;
  return value === null ? 'nothing measured' : `${value.toFixed(1)} ${name}`;
}
