// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { inject } from 'vitest';
import { bounceConformance } from './bounce.case.ts';
import { onPostgres, onSqlite } from './bounce-world.case.ts';

bounceConformance('SQLite', onSqlite);
if (inject('pgUrl') !== undefined) bounceConformance('PostgreSQL', onPostgres);
