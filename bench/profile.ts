// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Where the CPU time of profiles went, by file and by function. See README.md.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type CpuProfile, selfTimes } from './results/self-times.ts';

const SHOWN = 25;

const files = new Command('bench:profile')
  .description('Where the CPU time of profiles went, by file and by function, most first.')
  .argument('<profiles...>', 'what node --cpu-prof wrote, as GMP_BENCH_PROFILE=<folder> makes the bench keep it')
  .parse().args;
for (const file of files) {
  // What `node --cpu-prof` writes.
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const times = selfTimes(profile);
  console.log(`${file}: ${times.busyMs.toFixed(0)} ms busy`);
  for (const part of [times.files, times.functions]) {
    console.table(
      part
        .slice(0, SHOWN)
        .map(({ name, ms }) => ({ name, ms: Math.round(ms), '%': Math.round((ms * 1_000) / times.busyMs) / 10 })),
    );
  }
}
