// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// One thread that copies a database once and ends. It holds one read transaction from its first page to its last, so
// that the copy is the database of one moment however long it takes; who writes is not stopped by it.
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import SqliteDatabase from 'better-sqlite3';
import type { CopyNews, CopySettings } from './wire.ts';

/** Copied between two looks at other events of this thread; 8 MiB of usual pages. */
const PAGES_AT_ONCE = 2_048;
/** Left free for the mail that comes in meanwhile. */
const SPARE_BYTES = 64 * 1_048_576;

if (parentPort === null) throw new Error('this file is a worker of the SQLite database');
const port = parentPort;
// The parent starts this worker with CopySettings and nothing else.
const { from, to } = workerData as CopySettings;

function tell(news: CopyNews): void {
  port.postMessage(news);
}

try {
  const source = new SqliteDatabase(from, { readonly: true, fileMustExist: true });
  try {
    source.pragma('busy_timeout = 5000');
    source.exec('begin');
    const pages = Number(source.pragma('page_count', { simple: true }));
    const bytes = pages * Number(source.pragma('page_size', { simple: true }));
    if (isTooFull(bytes)) {
      tell({ kind: 'failed', isFull: true, message: `the copy needs ${bytes} bytes beside the database` });
    } else {
      tell({ kind: 'begun', bytes });
      await source.backup(to, { progress: () => PAGES_AT_ONCE });
      tell({ kind: 'done' });
    }
  } finally {
    source.close();
  }
} catch (error) {
  const isFull = error instanceof SqliteDatabase.SqliteError && error.code === 'SQLITE_FULL';
  tell({ kind: 'failed', isFull, message: error instanceof Error ? error.message : String(error) });
}

/** A disk that a backup filled would take no more mail. */
function isTooFull(bytes: number): boolean {
  const { bavail, bsize } = statfsSync(dirname(to));
  return bavail * bsize < bytes + SPARE_BYTES;
}
