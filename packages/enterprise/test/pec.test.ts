// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { onSqlite } from './bounce-world.case.ts';
import { pecConformance } from './pec.case.ts';
import { pecTimers } from './pec-timers.case.ts';

pecConformance('SQLite', onSqlite);
pecTimers('SQLite', onSqlite);
