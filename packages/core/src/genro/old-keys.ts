// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { adoptedIdOf } from '../entities/api-key/api-key.token.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** A key that a tenant has and of which only the hash is known. */
export interface OldKey {
  readonly tenantId: string;
  /** SHA-256 in hex. */
  readonly hash: string;
  /** Milliseconds; null for never. */
  readonly expiresAt: number | null;
}

export interface OldKeys {
  /** Keep a key, so that it opens what it opened; false where it is kept already. */
  adopt(key: OldKey, now: number): Promise<boolean>;
  /** Delete a key that nobody was given. */
  forget(id: string): Promise<void>;
}

const LABEL = 'from genro-mail-proxy';

export function prepareOldKeys(database: Database<CoreSchema>): OldKeys {
  const insert = database.prepare<OldKey & { readonly id: string; readonly now: number }>((k, p) =>
    k
      .insertInto('api_keys')
      .columns(['id', 'hash', 'tenant_id', 'scopes', 'label', 'created_at', 'expires_at', 'version'])
      .expression((eb) =>
        eb
          .selectFrom('tenants')
          .select([
            sql<string>`cast(${p.id} as text)`.as('id'),
            sql<string>`cast(${p.hash} as text)`.as('hash'),
            'tenants.id as tenant_id',
            sql.lit('tenant').as('scopes'),
            sql.lit(LABEL).as('label'),
            sql<number>`cast(${p.now} as bigint)`.as('created_at'),
            sql<number | null>`cast(${p.expiresAt} as bigint)`.as('expires_at'),
            sql.lit(1).as('version'),
          ])
          .where('tenants.id', '=', p.tenantId),
      )
      .onConflict((conflict) => conflict.doNothing()),
  );
  const remove = database.prepare<{ readonly id: string }>((k, p) => k.deleteFrom('api_keys').where('id', '=', p.id));
  return {
    async adopt(key, now) {
      const id = adoptedIdOf(Buffer.from(key.hash, 'hex'));
      const [{ changes }] = await database.write([insert.bind({ ...key, id, now })] as const);
      return changes === 1;
    },
    async forget(id) {
      await database.write([remove.bind({ id })]);
    },
  };
}
