// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { bounceConformance } from './bounce.case.ts';
import { onSqlite } from './bounce-world.case.ts';

bounceConformance('SQLite', onSqlite);
