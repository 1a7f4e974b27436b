// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of a killed import kills.
import { importDatabase } from '@mail-proxy/core';
import { say } from '../say.case.ts';

const [database = '', folder = '', encryptionKey = ''] = process.argv.slice(2);

await importDatabase({
  config: { database, encryptionKey },
  folder,
  // Synchronous: what was told was told, whenever the signal comes.
  onProgress: ({ phase, rows }) => say(`${phase} ${rows}`),
});
