// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readdirSync, readlinkSync } from 'node:fs';

/** The files below a folder that this process holds open, deleted ones too. Empty where the system doesn't tell. */
export function openFilesBelow(dir: string): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd')
    .map((fd) => targetOf(`/proc/self/fd/${fd}`))
    .filter((target) => target.startsWith(`${dir}/`));
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(fd);
  } catch {
    // The one that the folder was read with is closed by now.
    return '';
  }
}
