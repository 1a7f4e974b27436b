// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../database/database.ts';
import type { CoreSchema } from '../schema.ts';

/** A session that lives, and the keys that its process holds. */
export interface KeyHolder {
  readonly session: number;
  readonly instance: string;
  /** The one that seals first; null for a version that does not tell. */
  readonly keyIds: readonly string[] | null;
}

/** Which keys were used, and who has which. */
export interface EncryptionKeyStore {
  /** Ids of the keys under which something may be sealed. */
  used(): Promise<readonly string[]>;
  /** Note that a key will seal; before it does. */
  use(id: string, now: number): Promise<void>;
  /** Nothing is sealed with it any more. */
  forget(id: string): Promise<void>;
  /** Say which keys a session holds, the one that seals first. */
  tell(session: number, keyIds: readonly string[]): Promise<void>;
  /** Sessions with a heartbeat since `since` (ms). */
  holders(since: number): Promise<readonly KeyHolder[]>;
}

export function createEncryptionKeyStore(db: Database<CoreSchema>): EncryptionKeyStore {
  const used = db.prepare<object, { id: string }>((k) => k.selectFrom('encryption_keys').select('id').orderBy('id'));
  const use = db.prepare<{ id: string; now: number }>((k, p) =>
    k
      .insertInto('encryption_keys')
      .values({ id: p.id, first_used_at: p.now })
      .onConflict((conflict) => conflict.column('id').doNothing()),
  );
  const forget = db.prepare<{ id: string }>((k, p) => k.deleteFrom('encryption_keys').where('id', '=', p.id));
  const tell = db.prepare<{ session: number; key_ids: string }>((k, p) =>
    k.updateTable('sessions').set({ key_ids: p.key_ids }).where('number', '=', p.session),
  );
  const holders = db.prepare<{ since: number }, { number: number; instance: string; key_ids: string | null }>((k, p) =>
    k
      .selectFrom('sessions')
      .select(['number', 'instance', 'key_ids'])
      .where('ended_at', 'is', null)
      .where('heartbeat_at', '>=', p.since)
      .orderBy('number'),
  );
  return {
    async used() {
      return (await db.read(used.bind({}))).map(({ id }) => id);
    },
    async use(id, now) {
      await db.write([use.bind({ id, now })]);
    },
    async forget(id) {
      await db.write([forget.bind({ id })]);
    },
    async tell(session, keyIds) {
      await db.write([tell.bind({ session, key_ids: keyIds.join(' ') })]);
    },
    async holders(since) {
      const rows = await db.read(holders.bind({ since }));
      return rows.map(({ number, instance, key_ids }) => ({
        session: number,
        instance,
        keyIds: key_ids === null ? null : key_ids.split(' '),
      }));
    },
  };
}
