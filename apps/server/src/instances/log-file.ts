// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { codeOf } from '../env/error-code.ts';

/** Bytes after which a file is put aside, and how many of those are kept: 60 MiB at most. */
const MAX_BYTES = 10 * 1024 * 1024;
const KEPT = 5;

/** A file of log lines that does not grow for ever. */
export interface LogFile extends Disposable {
  /** Append a line; it is in the file when this returns, so that the last ones before a crash are there. */
  write(line: string): void;
}

export interface LogFileOptions {
  /** @defaultValue 10 MiB */
  readonly maxBytes?: number;
  /** Told once, when lines cannot be kept: a full disk stops no mail. */
  readonly onFailure: (why: string) => void;
}

/**
 * Append to a log file; full ones become `<path>.1` to `<path>.5`, the newest first.
 *
 * @throws Node's error when it cannot be opened
 */
export function openLogFile(path: string, { maxBytes = MAX_BYTES, onFailure }: LogFileOptions): LogFile {
  let file = openSync(path, 'a', 0o600);
  let bytes = fstatSync(file).size;
  let hasFailed = false;
  let isClosed = false;

  const rotate = (): void => {
    for (let n = KEPT - 1; n >= 1; n -= 1) renameIfThere(`${path}.${n}`, `${path}.${n + 1}`);
    renameIfThere(path, `${path}.1`);
    // Closed only once there is another one: a number that was given back may be that of a socket by now.
    const full = file;
    file = openSync(path, 'a', 0o600);
    bytes = 0;
    closeSync(full);
  };
  return {
    write(line) {
      if (isClosed) return;
      try {
        if (bytes > 0 && bytes + line.length > maxBytes) rotate();
        bytes += writeSync(file, line);
      } catch (error) {
        if (!hasFailed) onFailure(`${path} cannot be written (${codeOf(error)})`);
        hasFailed = true;
      }
    },
    [Symbol.dispose]() {
      if (isClosed) return;
      isClosed = true;
      closeSync(file);
    },
  };
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
