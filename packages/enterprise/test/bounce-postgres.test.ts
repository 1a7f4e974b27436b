// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { inject } from 'vitest';
import { bounceConformance } from './bounce.case.ts';
import { onPostgres } from './made-on-postgres.case.ts';

bounceConformance('PostgreSQL', onPostgres, inject('pgSkip'));
