// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Migration } from './migration.ts';

/** Which pauses of accounts a person made. */
export const manualPauses: Migration = {
  number: 16,
  name: 'manual-pauses',
  // Older code keeps to such a pause, but may end it by a message that was under way, or when the account is changed.
  minReader: 4,
  up: (schema, t) => [
    schema.alterTable('account_pauses').addColumn('by_hand', t.integer, (c) => c.notNull().defaultTo(0)),
  ],
};
