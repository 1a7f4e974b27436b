// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Where the CPU time of profiles went, by file and by function. See README.md.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type CpuProfile, selfTimes } from './results/self-times.ts';

const SHOWN = 25;

const { positionals } = parseArgs({ allowPositionals: true });
for (const file of positionals) {
  // What `node --cpu-prof` writes.
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const { files, functions, busyMs } = selfTimes(profile);
  console.log(`${file}: ${busyMs.toFixed(0)} ms busy`);
  for (const times of [files, functions]) {
    console.table(
      times
        .slice(0, SHOWN)
        .map(({ name, ms }) => ({ name, ms: Math.round(ms), '%': Math.round((ms * 1_000) / busyMs) / 10 })),
    );
  }
}
