// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The files of a restore, beside the database that it makes. Up to the commit nothing of the old database is touched;
// from then on no server starts before the new one is in its place, and whatever ends the restore, the next one goes on.
//
// | moment | files | a server |
// |---|---|---|
// | preparing | the old database, `.restoring` | starts on the old one |
// | committed | the old database or parts of it, `.restored` | refuses to start |
// | done | the new database, the old one as `.before-restore-*` | starts on the new one, paused |
import { existsSync } from 'node:fs';
import { MailProxyError } from '../../errors.ts';

/** The copy while it is prepared. */
export function preparedPath(database: string): string {
  return `${database}.restoring`;
}

/** The copy once it is whole, and all that follows is to move files. */
export function committedPath(database: string): string {
  return `${database}.restored`;
}

/** @throws {MailProxyError} `import_unfinished` where a restore was cut short after its commit */
export function refuseUnfinishedRestore(database: string): void {
  if (!existsSync(committedPath(database))) return;
  throw new MailProxyError('import_unfinished', {
    detail: `a restore of ${database} was cut short. Go on with: mail-proxy restore <file> --force`,
  });
}
