// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const CLOCK_TICKS_A_SECOND = 100;
const LOOK_MS = 50;

/** Resident memory of a process, MiB. */
export function rssOf(pid: number): number {
  const [, kib = 'NaN'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1_024;
}

/** Seconds of CPU that it used so far. */
export function cpuOf(pid: number): number {
  const after = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  // utime and stime, the 14th and 15th of all fields.
  return (Number(after[11]) + Number(after[12])) / CLOCK_TICKS_A_SECOND;
}

/** Files and sockets that it has open. */
export function openFilesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** The most memory that a process has while `work` goes on, MiB. */
export async function peakWhile<T>(
  pid: number,
  work: Promise<T>,
): Promise<{ readonly peak: number; readonly done: T }> {
  let isOver = false;
  const done = work.finally(() => {
    isOver = true;
  });
  let peak = rssOf(pid);
  // Whoever awaits it below is told.
  done.catch(() => undefined);
  while (!isOver) {
    await sleep(LOOK_MS);
    peak = Math.max(peak, rssOf(pid));
  }
  return { peak, done: await done };
}

/** The value below which so much of all lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
