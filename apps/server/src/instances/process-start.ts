// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from '../env/error-code.ts';

/** What runs under a process id. */
export type ProcessStart =
  | { readonly kind: 'gone' }
  /** `mark` is another for each process that ever has the id; of this boot on Linux. */
  | { readonly kind: 'runs'; readonly mark: string }
  /** This system does not say when it began. */
  | { readonly kind: 'unknown' };

/** Tell a process from a later one that was given its id. */
export async function startOfProcess(pid: number): Promise<ProcessStart> {
  if (process.platform === 'linux') return ofLinux(pid);
  if (!isThere(pid)) return { kind: 'gone' };
  return process.platform === 'win32' ? { kind: 'unknown' } : ofPs(pid);
}

/** @see proc_pid_stat(5): the 22nd field is the start in ticks since the boot, the 3rd the state */
async function ofLinux(pid: number): Promise<ProcessStart> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(codeOf(error))) return { kind: 'gone' };
    return { kind: 'unknown' };
  }
  // The name of the program, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // It has ended, and nobody has asked for its exit code.
  if (fields[0] === 'Z') return { kind: 'gone' };
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return { kind: 'runs', mark: `${boot}/${fields[19]}` };
}

async function ofPs(pid: number): Promise<ProcessStart> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return { kind: 'runs', mark: stdout.trim() };
  } catch {
    return isThere(pid) ? { kind: 'unknown' } : { kind: 'gone' };
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's is there, too.
    return codeOf(error) === 'EPERM';
  }
}
