// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { LeaseOptions } from './leases.ts';
import { prepareScopeLocks } from './scope-locks.ts';
import { hasHeartbeat } from './session-lives.ts';

/** An account and how many connections all instances together may open for it. */
export interface ConnectionRequest {
  readonly accountPk: string;
  readonly maxConnections: number;
  /** No more than this. */
  readonly wanted: number;
}

/** How the instances divide the connections of accounts. The shares of living sessions never add up to more than there are. */
export interface ConnectionShares {
  /**
   * Take what is wanted of what others leave of each account's connections, what is held already counted in.
   *
   * @returns the shares held from now on, in the order of the requests; 0 where others have all
   */
  take(requests: readonly ConnectionRequest[], options: LeaseOptions): Promise<readonly number[]>;
  /** Keep only so many of an account; they must be closed by now. */
  keep(accountPk: string, connections: number, session: number): Promise<void>;
  /** How many instances send mail. */
  countLiving(aliveSince: number): Promise<number>;
}

export function createConnectionShares(db: Database<CoreSchema>): ConnectionShares {
  type Input = { account_pk: string; session: number; max: number; wanted: number; aliveSince: number };
  const locksOf = prepareScopeLocks(db);
  const forget = db.prepare<Input>((k, p) =>
    k
      .deleteFrom('connection_shares')
      .where('account_pk', '=', p.account_pk)
      .where('session', '<>', p.session)
      .where((eb) => eb.not(hasHeartbeat(eb.ref('connection_shares.session'), p.aliveSince))),
  );
  const take = db.prepare<Input, { connections: number }>((k, p) =>
    k
      .insertInto('connection_shares')
      .columns(['account_pk', 'session', 'connections'])
      .expression((eb) =>
        eb
          .selectFrom(
            eb
              .selectFrom('connection_shares')
              // A sum of integers is bigint in PostgreSQL, which the column is not.
              .select(sql<number>`cast(coalesce(sum(connections), 0) as integer)`.as('taken'))
              .where('account_pk', '=', p.account_pk)
              .where('session', '<>', p.session)
              .as('others'),
          )
          .select([
            sql<string>`${p.account_pk}`.as('account_pk'),
            sql<number>`cast(${p.session} as bigint)`.as('session'),
            sql<number>`case when cast(${p.wanted} as integer) < cast(${p.max} as integer) - others.taken
              then cast(${p.wanted} as integer) else cast(${p.max} as integer) - others.taken end`.as('connections'),
          ])
          .where(sql<boolean>`cast(${p.max} as integer) > others.taken`),
      )
      .onConflict((oc) =>
        oc.columns(['account_pk', 'session']).doUpdateSet((eb) => ({ connections: eb.ref('excluded.connections') })),
      )
      .returning('connections'),
  );
  const keep = db.prepare<{ account_pk: string; session: number; connections: number }>((k, p) =>
    k
      .updateTable('connection_shares')
      .set({ connections: p.connections })
      .where('account_pk', '=', p.account_pk)
      .where('session', '=', p.session),
  );
  const drop = db.prepare<{ account_pk: string; session: number }>((k, p) =>
    k.deleteFrom('connection_shares').where('account_pk', '=', p.account_pk).where('session', '=', p.session),
  );
  const living = db.prepare<{ aliveSince: number }, { count: number }>((k, p) =>
    k
      .selectFrom('sessions')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('ended_at', 'is', null)
      .where('heartbeat_at', '>=', p.aliveSince),
  );

  return {
    async take(requests, { session, aliveSince }) {
      const locks = locksOf(requests.map(({ accountPk }) => `connections:${accountPk}`));
      const statements = requests.flatMap(({ accountPk, maxConnections, wanted }) => {
        const input = { account_pk: accountPk, session, max: maxConnections, wanted, aliveSince };
        return [forget.bind(input), take.bind(input)];
      });
      const results = await db.write([...locks, ...statements]);
      return requests.map((_, index) => {
        // Behind the locks there are two results a request; the rows of the second are what it returns.
        const [row] = (results[locks.length + 2 * index + 1]?.rows ?? []) as readonly {
          readonly connections: number;
        }[];
        return row?.connections ?? 0;
      });
    },
    async keep(accountPk, connections, session) {
      const share = { account_pk: accountPk, session };
      await db.write([connections === 0 ? drop.bind(share) : keep.bind({ ...share, connections })]);
    },
    async countLiving(aliveSince) {
      const [row] = await db.read(living.bind({ aliveSince }));
      return row?.count ?? 0;
    },
  };
}
