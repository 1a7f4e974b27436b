// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { hasHeartbeat, ifSessionLives } from './session-lives.ts';

export interface LeaseOptions {
  readonly session: number;
  /** Sessions without a heartbeat since then, in milliseconds, are dead. */
  readonly aliveSince: number;
}

/** Rights that one session has at a time. */
export interface LeaseStore {
  /** Take the right, or keep it; false where another session that lives has it. */
  take(name: string, options: LeaseOptions): Promise<boolean>;
  /** Give it to whoever asks next; no effect for one that the session does not have. */
  release(name: string, session: number): Promise<void>;
}

export function createLeaseStore(db: Database<CoreSchema>): LeaseStore {
  const take = db.prepare<{ name: string; session: number; aliveSince: number }>((k, p) =>
    k
      .insertInto('leases')
      .columns(['name', 'session'])
      .expression((eb) =>
        eb
          .selectFrom('sessions')
          .select([eb.val(p.name).as('name'), 'sessions.number as session'])
          .where('sessions.number', '=', p.session)
          .where(ifSessionLives(p.session)),
      )
      .onConflict((oc) =>
        oc
          .column('name')
          .doUpdateSet((eb) => ({ session: eb.ref('excluded.session') }))
          .where((eb) =>
            eb.or([
              eb('leases.session', '=', eb.ref('excluded.session')),
              eb.not(hasHeartbeat(eb.ref('leases.session'), p.aliveSince)),
            ]),
          ),
      ),
  );
  const release = db.prepare<{ name: string; session: number }>((k, p) =>
    k.deleteFrom('leases').where('name', '=', p.name).where('session', '=', p.session),
  );
  return {
    async take(name, { session, aliveSince }) {
      const [taken] = await db.write([take.bind({ name, session, aliveSince })]);
      return taken.changes === 1;
    },
    async release(name, session) {
      await db.write([release.bind({ name, session })]);
    },
  };
}
