// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database.ts';
import { type MigrationTables, refuseNewerSchema } from './migrate.ts';
import type { MigrationList } from './migration.ts';

/**
 * Compile the question whether this code can still work on the database: a newer version may have migrated it since.
 *
 * @returns throws {MailProxyError} `schema_too_new` when it cannot
 */
export function prepareSchemaCheck(database: Database<unknown>, lists: readonly MigrationList[]): () => Promise<void> {
  const db = database.withTables<MigrationTables>();
  const select = db.prepare<object, { readonly namespace: string; readonly min_reader: number }>((k) =>
    k.selectFrom('schema_migrations').select(['namespace', 'min_reader']),
  );
  return async () => {
    const rows = await db.read(select.bind({}));
    for (const { namespace, migrations } of lists) {
      refuseNewerSchema(
        namespace,
        migrations,
        rows.filter((row) => row.namespace === namespace),
      );
    }
  };
}
