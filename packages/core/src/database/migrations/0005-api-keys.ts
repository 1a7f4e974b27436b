// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Migration } from './migration.ts';

/** Limits of keys, when they were last used, and which request a line of the command log is of. */
export const apiKeys: Migration = {
  number: 5,
  name: 'api keys',
  // Older code knows no limits, and refuses keys that have some by the name of their kind.
  minReader: 4,
  up: (schema, t) => [
    schema.alterTable('api_keys').addColumn('limits', t.text),
    schema.alterTable('api_keys').addColumn('version', t.integer, (c) => c.notNull().defaultTo(1)),
    schema.alterTable('api_keys').addColumn('last_used_at', t.bigint),
    schema.alterTable('command_log').addColumn('request_id', t.text),
    schema.createIndex('command_log_at').on('command_log').columns(['at', 'pk']),
  ],
};
