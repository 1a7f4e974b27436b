// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, it } from 'vitest';
import { compare } from './compare.ts';
import { linesOf, tablesOf } from './lines.ts';
import { markdownTable, plainTable } from './print.ts';
import type { ResultTable, Row } from './row.ts';

function run(row: string, rate: number, missing = 0): Row {
  return {
    row,
    messages: 100,
    missing,
    duplicates: 0,
    figures: { messages_per_second: rate, seconds: 100 / rate, commits_per_message: null },
  };
}

function table(...runs: readonly (readonly Row[])[]): ResultTable {
  const compared = 'messages_per_second' as const;
  const rows = compare(runs, { baseline: 'pool', compared });
  return { plan: 'throughput', where: { connections: 10 }, compared, rounds: 3, rows };
}

const measured = table(
  [run('pool', 90), run('pool', 110), run('pool', 100)],
  [run('ours', 400), run('ours', 300, 1), run('ours', 600)],
);

it('of several runs the median counts, and all that is missing', () => {
  const [pool, ours] = measured.rows;
  expect(pool).toMatchObject({ ratio: 1, spread: 0.2, missing: 0 });
  expect(ours).toMatchObject({ ratio: 4, spread: 0.75, missing: 1, figures: { messages_per_second: 400 } });
});

it('a row that the others are not compared with has no ratio', () => {
  expect(table([run('ours', 400)]).rows).toMatchObject([{ ratio: null, figures: { messages_per_second: 400 } }]);
});

it('lines of JSON bring the same tables back, with a later run in place of an earlier one', () => {
  const again = table([run('pool', 200)], [run('ours', 200)]);
  const lines = [measured, again].flatMap((each) => linesOf(each, { cores: 2 }));
  expect(tablesOf(lines.slice(0, 2)).map(plainTable)).toEqual([plainTable(measured)]);
  expect(tablesOf(['a note', ...lines]).map(plainTable)).toEqual([plainTable(again)]);
});

it('a table for a document has a column for each figure that is known', () => {
  expect(markdownTable(measured).split('\n')).toEqual([
    '**throughput, connections 10**',
    '',
    '|  | messages/s | ratio | spread | seconds | messages | missing | twice |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    '| pool | 100 | 1.00 | 20 % | 1.00 | 100 | 0 | 0 |',
    '| ours | 400 | 4.00 | 75 % | 0.25 | 100 | 1 | 0 |',
    '',
  ]);
});
