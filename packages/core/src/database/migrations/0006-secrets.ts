// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Where sealed values stood when this step was written. */
const SEALED = [
  ['tenants', 'client_auth'],
  ['accounts', 'password'],
  ['accounts', 'oauth'],
  ['accounts', 'tls_client_key'],
  ['dkim_keys', 'private_key'],
  ['storages', 'config'],
  ['message_attachments', 'auth'],
] as const;

/** Which keys have sealed anything, which ones each session holds, and sealed contents. */
export const secrets: Migration = {
  number: 6,
  name: 'secrets',
  // Older code goes on with its one key; keys are rotated once no such session lives, and contents sealed after that.
  minReader: 4,
  up: (schema, t, compiler) => {
    const run = (query: ReturnType<typeof sql>) => ({ compile: () => query.compile(compiler) });
    const values = SEALED.map(
      ([table, column]) =>
        sql`select ${sql.ref(column)} as value from ${sql.table(table)} where ${sql.ref(column)} like 'sealed:v1:%'`,
    );
    return [
      schema
        .createTable('encryption_keys')
        .addColumn('id', t.key, (c) => c.primaryKey())
        .addColumn('first_used_at', t.bigint),
      run(sql`insert into ${sql.table('encryption_keys')} (id)
        select distinct substr(value, 11, 8) from (${sql.join(values, sql` union all `)}) as sealed_values`),
      schema.alterTable('sessions').addColumn('key_ids', t.text),
      schema
        .createTable('content_keys')
        .addColumn('tenant_id', t.key, (c) => c.primaryKey().references('tenants.id').onDelete('cascade'))
        .addColumn('naming_key', t.text, (c) => c.notNull()),
      schema.alterTable('attachment_chunks').addColumn('sealed_as', t.key),
      // What is sealed is found without reading the bytes.
      schema
        .createIndex('attachment_chunks_sealed')
        .on('attachment_chunks')
        .columns(['tenant_id', 'hash', 'position', 'sealed_as'])
        .where(sql.ref('sealed_as'), 'is not', null),
    ];
  },
};
