// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readPec } from './read-pec.ts';

process.exitCode = await readPec(process.argv.slice(2), process);
