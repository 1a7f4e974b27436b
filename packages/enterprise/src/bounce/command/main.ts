// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { runProcess } from '../../mail/command/run-process.ts';
import { readBounces } from './read-bounces.ts';

await runProcess(readBounces);
