// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of a killed import kills, once so many rows of a table are done: there it waits for that.
import { importGenro } from '@mail-proxy/core';
import { say } from '../say.case.ts';

const [database = '', source = '', encryptionKey = '', table = '', rows = ''] = process.argv.slice(2);

await importGenro({
  config: { database, encryptionKey },
  source,
  onProgress(progress) {
    if (progress.table !== table || progress.rows < Number(rows)) return;
    // Synchronous, as is the wait.
    say('there');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
