// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Opens the SQLite file that the first argument names, says so, and keeps it until it is killed.
import { openDatabase } from '../../src/database/open.ts';

const path = process.argv[2];
if (path === undefined) throw new Error('expected the path of a database');
await openDatabase(path);
console.log('open');
setInterval(() => undefined, 60_000);
