// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { rawStatement } from '../database/raw.ts';
import { MailProxyError } from '../errors.ts';

interface Session {
  readonly number: number;
  readonly instance: string;
  readonly heartbeat_at: number;
}

/** What tells one state of the sessions from another. */
export type SessionsSeen = string;

export interface LiveSessionOptions {
  readonly now: number;
  readonly leaseMs: number;
}

/**
 * Refuse a database that a server works on. Where one process at most can have it open, that is this one, and sessions
 * that look alive are of a server that was killed.
 *
 * @returns to compare with later: where nothing else looked, a server has started or was alive after all
 * @throws {MailProxyError} `database_locked`
 */
export async function refuseLiveSessions(
  db: Database<unknown>,
  { now, leaseMs }: LiveSessionOptions,
): Promise<SessionsSeen> {
  const all = sql<Session>`select number, instance, heartbeat_at from ${sql.table('sessions')} where ended_at is null order by number`;
  const open = await db.read(rawStatement(db, all));
  const live = db.dialect.isExclusive ? undefined : open.find(({ heartbeat_at }) => heartbeat_at > now - leaseMs);
  if (live !== undefined) {
    const ago = Math.max(0, Math.round((now - live.heartbeat_at) / 1_000));
    throw new MailProxyError('database_locked', {
      detail:
        `a server works on this database: session ${live.number} of ${live.instance} was heard of ${ago} s ago. ` +
        `Stop all servers; one that was killed counts as running for ${Math.round(leaseMs / 1_000)} s.`,
    });
  }
  return JSON.stringify([open, await lastNumber(db)]);
}

async function lastNumber(db: Database<unknown>): Promise<number> {
  const query = sql<{ readonly last: number | null }>`select max(number) as last from ${sql.table('sessions')}`;
  const [row] = await db.read(rawStatement(db, query));
  return row?.last ?? 0;
}
