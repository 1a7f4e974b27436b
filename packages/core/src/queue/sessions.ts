// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { exactlyOne } from '../database/statement.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { MakePk } from '../identity.ts';
import { prepareRescue, type Rescue, type RescuedMessage } from './rescue.ts';

export type { RescuedMessage };

/** The lives of engines, and what they leave behind. */
export interface SessionStore {
  /** Begin a life; the number is its epoch. */
  start(instance: string, now: number): Promise<number>;
  /** @throws {MailProxyError} `lease_lost` when the session was ended by another */
  heartbeat(session: number, now: number): Promise<void>;
  /** Write as little as is a write, to see whether there can be one: a millisecond more to live. */
  touch(session: number): Promise<void>;
  /**
   * Numbers of other sessions that hold messages and will not finish them: ended, or without a heartbeat since
   * `before` (ms).
   */
  findDead(session: number, before: number): Promise<readonly number[]>;
  /** End a session, so that nothing it writes counts any more. */
  end(session: number, now: number): Promise<void>;
  readonly rescue: Rescue;
}

/** @param keyIds - the encryption keys that this process holds at the moment, the one that seals first */
export function createSessionStore(
  db: Database<CoreSchema>,
  makePk: MakePk,
  keyIds: () => readonly string[] = () => [],
): SessionStore {
  const insert = db.prepare<{ instance: string; now: number; key_ids: string }, { number: number }>((k, p) =>
    k
      .insertInto('sessions')
      .values({ instance: p.instance, started_at: p.now, heartbeat_at: p.now, ended_at: null, key_ids: p.key_ids })
      .returning('number'),
  );
  const renew = db.prepare<{ session: number; now: number }>((k, p) =>
    k
      .updateTable('sessions')
      .set({ heartbeat_at: p.now })
      .where('number', '=', p.session)
      .where('ended_at', 'is', null),
  );
  // What a row has already is not written by SQLite. Less than it has would let it die before its time.
  const touch = db.prepare<{ session: number }>((k, p) =>
    k
      .updateTable('sessions')
      .set({ heartbeat_at: sql`heartbeat_at + 1` })
      .where('number', '=', p.session)
      .where('ended_at', 'is', null),
  );
  const dead = db.prepare<{ session: number; before: number }, { number: number }>((k, p) =>
    k
      .selectFrom('sessions')
      .select('number')
      .where('number', '<>', p.session)
      .where((eb) => eb.or([eb('ended_at', 'is not', null), eb('heartbeat_at', '<', p.before)]))
      .where(
        sql<boolean>`(
          exists (select 1 from ${sql.table('messages')} m
            where m.state = 'leased' and m.owner_session = sessions.number)
          or exists (select 1 from ${sql.table('messages')} m
            where m.state = 'preparing' and m.owner_session = sessions.number)
        )`,
      ),
  );
  // What a session fetched goes on being fetched by another: nothing is lost but time.
  const freePreparing = db.prepare<{ session: number }>((k, p) =>
    k
      .updateTable('messages')
      .set({ owner_session: null })
      .where('state', '=', sql.lit('preparing'))
      .where('owner_session', '=', p.session),
  );
  const rescue = prepareRescue(db, makePk);
  const end = db.prepare<{ session: number; now: number }>((k, p) =>
    k.updateTable('sessions').set({ ended_at: p.now }).where('number', '=', p.session).where('ended_at', 'is', null),
  );
  return {
    async start(instance, now) {
      const [result] = await db.write([insert.bind({ instance, now, key_ids: keyIds().join(' ') })]);
      const row = result.rows[0];
      if (row === undefined) throw new Error('the new session has no number');
      return row.number;
    },
    async heartbeat(session, now) {
      await db.write([exactlyOne(renew.bind({ session, now }), 'lease_lost')]);
    },
    async touch(session) {
      await db.write([touch.bind({ session })]);
    },
    async findDead(session, before) {
      return (await db.read(dead.bind({ session, before }))).map((row) => row.number);
    },
    async end(session, now) {
      await db.write([end.bind({ session, now })]);
    },
    async rescue(session, options) {
      await db.write([freePreparing.bind({ session })]);
      return rescue(session, options);
    },
  };
}
