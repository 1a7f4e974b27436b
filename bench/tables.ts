// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Lines of JSON from the bench, in files or on standard input, as tables of a document. See README.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { fillDocument, targetsTable } from './results/document.ts';
import { tablesOf } from './results/lines.ts';
import { markdownTable } from './results/print.ts';
import { verdictsOf } from './results/targets.ts';

const { values, positionals } = parseArgs({ options: { into: { type: 'string' } }, allowPositionals: true });
const input =
  positionals.length === 0 ? [await text(process.stdin)] : positionals.map((file) => readFileSync(file, 'utf8'));
const tables = tablesOf(input.flatMap((lines) => lines.split('\n')));
if (values.into === undefined) {
  console.log([targetsTable(verdictsOf(tables)), ...tables.map(markdownTable)].join('\n'));
} else {
  writeFileSync(values.into, fillDocument(readFileSync(values.into, 'utf8'), tables));
}
