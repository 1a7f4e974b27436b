// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import { readTableNames } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { rawStatement } from '../database/raw.ts';
import { MailProxyError } from '../errors.ts';

/** What a copy of a database holds. */
export interface BackupFacts {
  /** Name of the installation. */
  readonly instance: string;
  /** The newest thing in it, milliseconds: the server was at work then, and some seconds may have gone by since. */
  readonly newestAt: number;
  readonly messages: number;
  readonly waiting: {
    /** Not final: each may have been sent since the copy was made. */
    readonly count: number;
    /** Milliseconds; null where none waits. */
    readonly oldestAt: number | null;
    readonly byState: Readonly<Record<string, number>>;
  };
  /** Ids of the encryption keys that its secrets were sealed with. */
  readonly keyIds: readonly string[];
}

const TABLES = ['instance', 'sessions', 'messages', 'message_events'];

/** @throws {MailProxyError} `archive_damaged` for a database of another program */
export async function readBackupFacts(db: Database<unknown>): Promise<BackupFacts> {
  const names = await readTableNames(db);
  if (TABLES.some((table) => !names.has(table))) {
    throw new MailProxyError('archive_damaged', { detail: 'the file is a database, and not one of mail-proxy' });
  }
  const instance = sql<{ readonly name: string; readonly created_at: number }>`select name, created_at from instance`;
  // Each looks at the end of an index.
  const newest = sql<{ readonly at: number | null }>`
    select max(heartbeat_at) as at from sessions
    union all select at from (select created_at as at from messages order by pk desc limit 1)
    union all select at from (select at from message_events order by pk desc limit 1)`;
  const total = sql<{ readonly count: number }>`select count(*) as count from messages`;
  const waiting = sql<{ readonly state: string; readonly count: number; readonly oldest: number }>`
    select state, count(*) as count, min(created_at) as oldest from messages where state <> 'final' group by state`;
  const keys = sql<{ readonly id: string }>`select id from encryption_keys order by id`;
  const [[first], times, [all], states, used] = await Promise.all([
    db.read(rawStatement(db, instance)),
    db.read(rawStatement(db, newest)),
    db.read(rawStatement(db, total)),
    db.read(rawStatement(db, waiting)),
    names.has('encryption_keys') ? db.read(rawStatement(db, keys)) : [],
  ]);
  return {
    instance: first?.name ?? '',
    newestAt: Math.max(first?.created_at ?? 0, ...times.map(({ at }) => at ?? 0)),
    messages: all?.count ?? 0,
    waiting: {
      count: states.reduce((sum, { count }) => sum + count, 0),
      oldestAt: states.length === 0 ? null : Math.min(...states.map(({ oldest }) => oldest)),
      byState: Object.fromEntries(states.map(({ state, count }) => [state, count])),
    },
    keyIds: used.map(({ id }) => id),
  };
}

/** Whether one of them is a copy of the other, from whatever time. */
export async function isSameInstallation(one: Database<unknown>, other: Database<unknown>): Promise<boolean> {
  const names = await readTableNames(one);
  if (TABLES.some((table) => !names.has(table))) return false;
  const query = sql<{ readonly made: string }>`select name || ' ' || created_at as made from instance`;
  const [first] = await one.read(rawStatement(one, query));
  const [second] = await other.read(rawStatement(other, query));
  return first !== undefined && first.made === second?.made;
}
