// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import { inject } from 'vitest';
import type { Made } from './bounce-world.case.ts';

/** A database of PostgreSQL, which goes with the world. By itself, since what imports it runs on each version of PostgreSQL. */
export const onPostgres: Made = async () => {
  const made = await createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));
  return { database: made.url, drop: () => made.drop() };
};
