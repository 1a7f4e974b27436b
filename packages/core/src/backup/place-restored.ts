// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { committedPath, preparedPath } from '../database/sqlite/restore-places.ts';
import { syncFolder } from '../transfer/sync-folder.ts';

/** Where a replaced database lies: its name, then this, then the time. */
const ASIDE = '.before-restore-';
/** What SQLite keeps beside a database; the log may hold its newest commits. */
const BESIDE = ['-wal', '-shm'];

export interface Placing {
  /** Path of the database that is restored. */
  readonly database: string;
  /** Milliseconds. */
  readonly now: number;
  /** Called after each step that a kill may follow. */
  readonly onStep: (step: 'committed' | 'moved' | 'placed') => void;
}

/**
 * Put the prepared copy into its place. The files of the database that was there are moved aside under one name, never
 * deleted.
 *
 * @param moveOthers - moves what else belongs to the old database to the name that it is given, and puts in its place
 * what belongs to the new one
 * @returns the path of the old database; null where there was none
 */
export async function placeRestored(
  { database, now, onStep }: Placing,
  moveOthers: (aside: string) => Promise<void>,
): Promise<string | null> {
  const folder = dirname(database);
  const isAgain = existsSync(committedPath(database));
  await syncFolder(folder);
  await rename(preparedPath(database), committedPath(database));
  await syncFolder(folder);
  onStep('committed');
  const aside = (await halfMoved(database)) ?? `${database}${ASIDE}${stampOf(now)}`;
  for (const end of BESIDE) {
    if (await moved(`${database}${end}`, `${aside}${end}`)) onStep('moved');
  }
  await moveOthers(aside);
  if (await moved(database, aside)) onStep('moved');
  await syncFolder(folder);
  await rename(committedPath(database), database);
  await syncFolder(folder);
  onStep('placed');
  if (existsSync(aside)) return aside;
  return isAgain ? await lastMoved(database) : null;
}

/** What a restore that was cut short moved as a whole. */
async function lastMoved(database: string): Promise<string | null> {
  const begin = `${basename(database)}${ASIDE}`;
  const names = await readdir(dirname(database));
  const last = names
    .filter((name) => name.startsWith(begin) && !ENDS.some((end) => name.endsWith(end)))
    .toSorted()
    .at(-1);
  return last === undefined ? null : join(dirname(database), last);
}

/** All that may be moved before the database itself. */
const ENDS = [...BESIDE, '.key'];

/** What a restore that was cut short began to move: the rest of the same database follows it. */
async function halfMoved(database: string): Promise<string | null> {
  const begin = `${basename(database)}${ASIDE}`;
  const names = await readdir(dirname(database));
  const lone = names.find(
    (name) =>
      name.startsWith(begin) && ENDS.some((end) => name.endsWith(end) && !names.includes(name.slice(0, -end.length))),
  );
  if (lone === undefined) return null;
  const end = ENDS.find((each) => lone.endsWith(each)) ?? '';
  return join(dirname(database), lone.slice(0, -end.length));
}

async function moved(from: string, to: string): Promise<boolean> {
  if (!existsSync(from)) return false;
  await rename(from, to);
  return true;
}

/** `20300131T090000.000Z` */
function stampOf(now: number): string {
  return new Date(now).toISOString().replaceAll(/[-:]/g, '');
}
