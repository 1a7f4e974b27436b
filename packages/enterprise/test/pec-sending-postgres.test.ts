// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { inject } from 'vitest';
import { onPostgres } from './made-on-postgres.case.ts';
import { pecSendingConformance } from './pec-sending.case.ts';

pecSendingConformance('PostgreSQL', onPostgres, inject('pgSkip'));
