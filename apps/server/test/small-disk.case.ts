// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mail-proxy/testkit';

/** A disk of its own that holds little. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Leave so much free. @param mib - nothing by default */
  fill(mib?: number): void;
  /** Take away what fills it. */
  free(): void;
}

/** Come with every Linux. */
const MOUNT = 'mount';
const UNMOUNT = 'umount';

/**
 * Mount one in memory.
 *
 * @returns null where this process may not
 */
export function mountSmallDisk(mib: number): SmallDisk | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const dir = tempDir();
  try {
    execFileSync(MOUNT, ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', dir.path], { stdio: 'ignore' });
  } catch {
    // Root of a container that may not mount.
    dir[Symbol.dispose]();
    return null;
  }
  const ballast = join(dir.path, 'ballast');
  return {
    path: dir.path,
    fill(mib = 0) {
      fillUp(ballast);
      if (mib > 0) truncateSync(ballast, statSync(ballast).size - mib * 1_048_576);
    },
    free: () => rmSync(ballast),
    [Symbol.dispose]() {
      execFileSync(UNMOUNT, ['-l', dir.path]);
      dir[Symbol.dispose]();
    },
  };
}

function fillUp(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let bytes = 65_536; bytes >= 1; ) {
      try {
        if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes = Math.floor(bytes / 2);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
        bytes = Math.floor(bytes / 2);
      }
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
