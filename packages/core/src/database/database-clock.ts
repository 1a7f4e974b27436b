// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Database } from './database.ts';

/**
 * How fast this machine's monotonic clock and the server's may part: far above what quartz does (50 in a million), so
 * that a measurement ages before it is wrong.
 */
const DRIFT = 200 / 1_000_000;

/** A clock that can be compared with its source again. */
export interface SyncedClock extends Clock {
  /**
   * Measure again. Keeps what it knew where that is likely closer.
   *
   * @throws {MailProxyError} `database_unavailable`
   */
  sync(): Promise<void>;
}

/**
 * The clock that all instances of one database share: the server's time, carried on by this machine's monotonic clock
 * between two measurements. What an instance's own wall clock says, and how often it is set, matters to nobody.
 *
 * Each measurement is right to half the time that it took; it is repeated with each heartbeat.
 *
 * @returns `own` where one process has the database to itself
 */
export async function sharedClock(database: Database<unknown>, own: Clock): Promise<SyncedClock> {
  const { currentTime } = database.dialect;
  if (currentTime === null) return { ...plain(own), now: () => own.now(), sync: async () => undefined };
  const query = database.prepare<object, { now: number }>((k) => ({ compile: () => currentTime.compile(k) }));
  // What the server's clock shows when this machine's monotonic one shows 0, and how wrong that may be.
  let startedAt = 0;
  let error = Number.POSITIVE_INFINITY;
  let measuredAt = 0;
  const sync = async (): Promise<void> => {
    const askedAt = own.monotonic();
    const [row] = await database.read(query.bind({}));
    const toldAt = own.monotonic();
    if (row === undefined) throw new Error('the database did not tell its time');
    const newError = (toldAt - askedAt) / 2;
    if (newError > error + (toldAt - measuredAt) * DRIFT) return;
    startedAt = row.now - (askedAt + toldAt) / 2;
    error = newError;
    measuredAt = toldAt;
  };
  await sync();
  return { ...plain(own), now: () => Math.floor(startedAt + own.monotonic()), sync };
}

/** A class instance has no own methods to spread. */
function plain(clock: Clock): Omit<Clock, 'now'> {
  return {
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    after: (ms, fn) => clock.after(ms, fn),
  };
}
