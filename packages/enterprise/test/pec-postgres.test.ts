// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import { inject } from 'vitest';
import type { Made } from './bounce-world.case.ts';
import { pecConformance } from './pec.case.ts';
import { pecTimers } from './pec-timers.case.ts';

const onPostgres: Made = async () => {
  const made = await createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));
  return { database: made.url, drop: () => made.drop() };
};

pecConformance('PostgreSQL', onPostgres, inject('pgSkip'));
pecTimers('PostgreSQL', onPostgres, { skip: inject('pgSkip') ?? '', isTimeOfServer: true });
