// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { inject } from 'vitest';
import { onPostgres } from './made-on-postgres.case.ts';
import { pecConformance } from './pec.case.ts';
import { pecTimers } from './pec-timers.case.ts';

pecConformance('PostgreSQL', onPostgres, inject('pgSkip'));
pecTimers('PostgreSQL', onPostgres, { skip: inject('pgSkip') ?? '', isTimeOfServer: true });
