// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Lines of JSON from the bench, in files or on standard input, as tables of a document. See README.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { fillDocument, targetsTable } from './results/document.ts';
import { tablesOf } from './results/lines.ts';
import { markdownTable } from './results/print.ts';
import { verdictsOf } from './results/targets.ts';

const command = new Command('bench:tables')
  .description('Lines of JSON from the bench as tables, with the targets that they meet.')
  .argument('[files...]', 'lines of JSON, as --out keeps them; without one, standard input')
  .option('--into <document>', 'write the tables into this document, each between its marks; without it, print them')
  .parse();
const { into } = command.opts<{ readonly into?: string }>();
const files = command.args;
const input = files.length === 0 ? [await text(process.stdin)] : files.map((file) => readFileSync(file, 'utf8'));
const tables = tablesOf(input.flatMap((lines) => lines.split('\n')));
if (into === undefined) {
  console.log([targetsTable(verdictsOf(tables)), ...tables.map(markdownTable)].join('\n'));
} else {
  writeFileSync(into, fillDocument(readFileSync(into, 'utf8'), tables));
}
