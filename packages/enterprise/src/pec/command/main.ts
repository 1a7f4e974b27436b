// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { runProcess } from '../../mail/command/run-process.ts';
import { readPec } from './read-pec.ts';

await runProcess(readPec);
