// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, it } from 'vitest';
import { fillDocument, targetsTable } from './document.ts';
import type { FigureName, ResultTable } from './row.ts';
import { verdictsOf } from './targets.ts';

function table(
  plan: string,
  rates: Readonly<Record<string, number>>,
  figures: Partial<Record<FigureName, number>> = {},
) {
  const rows = Object.entries(rates).map(([row, messages_per_second]) => ({
    row,
    messages: 1,
    missing: 0,
    duplicates: 0,
    figures: { messages_per_second, ...figures },
    ratio: null,
    spread: null,
  }));
  return {
    plan,
    where: { connections: 10 },
    compared: 'messages_per_second',
    rounds: 1,
    rows,
  } as const satisfies ResultTable;
}

const throughput = table(
  'throughput',
  { 'mail-proxy, retry, SQLite': 4_000, 'nodemailer pool': 1_000, 'raw socket, lock-step': 8_000 },
  { cpu_ms_per_message: 0.2 },
);

it('a target is met, missed or was not measured', () => {
  const text = targetsTable(verdictsOf([throughput]));
  expect(text).toContain('| mail-proxy, retry, SQLite: at least 3.5 x nodemailer pool | 4.00 | yes |');
  expect(text).toContain('| mail-proxy, retry, SQLite: at least 0.65 x raw socket, lock-step | 0.50 | **no** |');
  expect(text).toContain(
    '| mail-proxy, retry, SQLite: at least 5.5 x BullMQ + nodemailer pool, fsync always | - | - |',
  );
  expect(text).toContain('| throughput | CPU ms/message, SQLite: at most 0.25 | 0.20 | yes |');
});

it('tables take the place of those that were there before, and the rest of the document stays', () => {
  const document = 'A\n<!-- bench throughput -->\nold\n<!-- end -->\nB\n<!-- bench drain -->\nolder\n<!-- end -->\nC\n';
  const filled = fillDocument(document, [throughput]);
  expect(filled).toMatch(/^A\n<!-- bench throughput -->\n\n\*\*throughput, connections 10\*\*\n/);
  expect(filled).not.toContain('\nold\n');
  expect(filled).toContain('\n<!-- end -->\nB\n<!-- bench drain -->\nolder\n<!-- end -->\nC\n');
  expect(fillDocument(filled, [throughput])).toBe(filled);
});
