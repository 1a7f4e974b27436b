// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of a killed import kills.
import { writeSync } from 'node:fs';
import { importGenro } from '@mail-proxy/core';

const [database = '', source = '', encryptionKey = ''] = process.argv.slice(2);
const STDOUT = 1;

await importGenro({
  config: { database, encryptionKey },
  source,
  // Synchronous: what was told was told, whenever the signal comes.
  onProgress: ({ table, rows }) => writeSync(STDOUT, `${table} ${rows}\n`),
});
