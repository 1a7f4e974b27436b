// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { databaseAnswers } from './database-answers.ts';
import type { DispatchWatch } from './dispatch-watch.ts';
import type { Readiness } from './engine.types.ts';
import type { Stores } from './stores.ts';
import type { WriteWatch } from './write-watch.ts';

/** What an engine may lack to do its work, in words. */
export const LACKS = {
  outdated: 'a newer version migrated the database',
  stopped: 'the engine is not running',
  session: 'the session could not be renewed',
  database: 'the database does not answer',
  file_gone: 'the file of the database was removed or replaced',
  disk_full: 'the disk is full',
  no_writes: 'the database takes no writes',
  dispatcher: 'mail that is due is not claimed',
} as const;

export type Lack = keyof typeof LACKS;

export interface ReadinessParts {
  readonly stores: Pick<Stores, 'tenants'>;
  readonly clock: Clock;
  readonly isOutdated: () => boolean;
  readonly isRunning: () => boolean;
  readonly isSessionAlive: () => boolean;
  readonly writes: Pick<WriteWatch, 'trouble'>;
  readonly dispatch: Pick<DispatchWatch, 'isStalled'>;
}

/** Tell what the engine lacks now; nothing where it can do its work. */
export async function lacksOf(parts: ReadinessParts): Promise<readonly Lack[]> {
  const { stores, clock, writes, dispatch } = parts;
  const isRunning = parts.isRunning();
  const isAnswering = await databaseAnswers(stores, clock);
  const lacks: Lack[] = [];
  if (parts.isOutdated()) lacks.push('outdated');
  if (!isRunning) lacks.push('stopped');
  if (isRunning && !parts.isSessionAlive()) lacks.push('session');
  if (!isAnswering) lacks.push('database');
  else if (writes.trouble !== null) lacks.push(writes.trouble);
  if (isRunning && dispatch.isStalled) lacks.push('dispatcher');
  return lacks;
}

export function readinessOf(lacks: readonly Lack[]): Readiness {
  return { ready: lacks.length === 0, reasons: lacks.map((lack) => LACKS[lack]) };
}
