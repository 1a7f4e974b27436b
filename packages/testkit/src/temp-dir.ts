// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that goes away with the test, with all that is in it. */
export interface TempDir extends Disposable, AsyncDisposable {
  readonly path: string;
  /** Name a file in the folder. */
  file(...parts: readonly string[]): string;
}

/**
 * Make a folder of one's own below the system's folder for temporary files.
 * @example
 * using dir = tempDir();
 * writeFileSync(dir.file('mail.eml'), raw);
 */
export function tempDir(prefix = 'mail-proxy-'): TempDir {
  const path = mkdtempSync(join(tmpdir(), prefix));
  // a process that was just killed may still hold a file for a moment (Windows), or add one (any system)
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  return {
    path,
    file: (...parts) => join(path, ...parts),
    [Symbol.dispose]: remove,
    [Symbol.asyncDispose]: async () => remove(),
  };
}
