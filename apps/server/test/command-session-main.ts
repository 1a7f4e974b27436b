// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Runs many command lines, one after the other, at the terminal that it was started at. In a process each they would take
// minutes, most of them to load the same code.
import { readFileSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { installedOperations } from '../src/cli/installed-operations.ts';
import { runCommandLine } from '../src/cli/run-command-line.ts';

const [from = '', to = ''] = process.argv.slice(2);
const lines = v.parse(v.array(v.array(v.string())), JSON.parse(readFileSync(from, 'utf8')));
const operations = await installedOperations('auto');
const { stdout, stderr, stdin, env } = process;
const codes: number[] = [];
for (const [at, args] of lines.entries()) {
  stdout.write(`>>> ${at}\n`);
  codes.push(await runCommandLine(args, { env, streams: { stdout, stderr, stdin }, serve: async () => 0 }, operations));
}
writeFileSync(to, JSON.stringify(codes));
