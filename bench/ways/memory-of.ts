// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';

/** Resident memory of a process in MiB, as Linux tells it; nulls elsewhere. */
export function memoryOf(pid: number): { readonly rss: number | null; readonly peak: number | null } {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { rss: null, peak: null };
    throw error;
  }
  const read = (name: string): number | null => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
    return kib === undefined ? null : Number(kib) / 1_024;
  };
  return { rss: read('VmRSS'), peak: read('VmHWM') };
}
