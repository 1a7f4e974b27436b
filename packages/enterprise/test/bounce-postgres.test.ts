// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import { inject } from 'vitest';
import { bounceConformance } from './bounce.case.ts';

bounceConformance(
  'PostgreSQL',
  async () => {
    const made = await createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));
    return { database: made.url, drop: () => made.drop() };
  },
  inject('pgSkip'),
);
