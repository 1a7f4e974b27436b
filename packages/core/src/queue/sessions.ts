// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { exactlyOne } from '../database/statement.ts';
import { prepareInsertEvent } from '../entities/message-event/message-event.store.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { MakePk } from '../identity.ts';

/** A message that its dead session held. */
export interface RescuedMessage {
  readonly pk: string;
  readonly tenant_id: string;
  readonly account_pk: string;
  readonly attempts: number;
}

/** The lives of engines, and what they leave behind. */
export interface SessionStore {
  /** Begin a life; the number is its epoch. */
  start(instance: string, now: number): Promise<number>;
  /** @throws {MailProxyError} `lease_lost` when the session was ended by another */
  heartbeat(session: number, now: number): Promise<void>;
  /**
   * Numbers of other sessions that hold messages and will not finish them: ended, or without a heartbeat since
   * `before` (ms).
   */
  findDead(session: number, before: number): Promise<readonly number[]>;
  /** End a session, so that nothing it writes counts any more. */
  end(session: number, now: number): Promise<void>;
  /**
   * Bring back to ready what an ended session held, at most `limit` messages. Each gets an `interrupted` event and
   * counts as an attempt, since it may have been sent: the retry carries the same Message-ID.
   */
  rescue(
    session: number,
    options: { readonly now: number; readonly limit: number },
  ): Promise<readonly RescuedMessage[]>;
}

export function createSessionStore(db: Database<CoreSchema>, makePk: MakePk): SessionStore {
  const insertEvent = prepareInsertEvent(db);
  const insert = db.prepare<{ instance: string; now: number }, { number: number }>((k, p) =>
    k
      .insertInto('sessions')
      .values({ instance: p.instance, started_at: p.now, heartbeat_at: p.now, ended_at: null })
      .returning('number'),
  );
  const renew = db.prepare<{ session: number; now: number }>((k, p) =>
    k
      .updateTable('sessions')
      .set({ heartbeat_at: p.now })
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
        sql<boolean>`exists (select 1 from messages m where m.state = 'leased' and m.owner_session = sessions.number)`,
      ),
  );
  const end = db.prepare<{ session: number; now: number }>((k, p) =>
    k.updateTable('sessions').set({ ended_at: p.now }).where('number', '=', p.session).where('ended_at', 'is', null),
  );
  const held = db.prepare<{ session: number; limit: number }, RescuedMessage>((k, p) =>
    k
      .selectFrom('messages')
      .select(['pk', 'tenant_id', 'account_pk', 'attempts'])
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '=', p.session)
      .limit(p.limit),
  );
  const giveBack = db.prepare<{ pk: string; session: number; now: number }>((k, p) =>
    k
      .updateTable('messages')
      .set((eb) => ({
        state: sql.lit('ready'),
        owner_session: null,
        attempts: eb('attempts', '+', 1),
        updated_at: p.now,
      }))
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '=', p.session),
  );

  return {
    async start(instance, now) {
      const [result] = await db.write([insert.bind({ instance, now })]);
      const row = result.rows[0];
      if (row === undefined) throw new Error('the new session has no number');
      return row.number;
    },
    async heartbeat(session, now) {
      await db.write([exactlyOne(renew.bind({ session, now }), 'lease_lost')]);
    },
    async findDead(session, before) {
      return (await db.read(dead.bind({ session, before }))).map((row) => row.number);
    },
    async end(session, now) {
      await db.write([end.bind({ session, now })]);
    },
    async rescue(session, { now, limit }) {
      const messages = await db.read(held.bind({ session, limit }));
      const outcomes = await Promise.allSettled(
        messages.map(({ pk, tenant_id, attempts }) =>
          db.write([
            exactlyOne(giveBack.bind({ pk, session, now }), 'lease_lost'),
            insertEvent.bind({
              pk: makePk(),
              tenant_id,
              message_pk: pk,
              type: 'interrupted',
              at: now,
              attempt: attempts + 1,
              detail: JSON.stringify({
                reason: 'the instance that held the message stopped before it recorded an outcome',
                possibleDuplicate: true,
              }),
              seq: null,
            }),
          ]),
        ),
      );
      // Another instance that rescues the same session may have been faster with some.
      return messages.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    },
  };
}
