// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Lines of JSON from the bench, in files or on standard input, as tables for a document. See README.md.
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { tablesOf } from './results/lines.ts';
import { markdownTable } from './results/print.ts';

const files = process.argv.slice(2);
const input = files.length === 0 ? [await text(process.stdin)] : files.map((file) => readFileSync(file, 'utf8'));
const tables = tablesOf(input.flatMap((lines) => lines.split('\n')));
console.log(tables.map(markdownTable).join('\n'));
