// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of a killed import kills, once so many rows of a table are done: there it waits for that.
import { writeSync } from 'node:fs';
import { importGenro } from '@mail-proxy/core';

const [database = '', source = '', encryptionKey = '', table = '', rows = ''] = process.argv.slice(2);
const STDOUT = 1;

await importGenro({
  config: { database, encryptionKey },
  source,
  onProgress(progress) {
    if (progress.table !== table || progress.rows < Number(rows)) return;
    // Synchronous, as is the wait.
    writeSync(STDOUT, 'there\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
