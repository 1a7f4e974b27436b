// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readBounces } from './read-bounces.ts';

process.exitCode = await readBounces(process.argv.slice(2), process);
