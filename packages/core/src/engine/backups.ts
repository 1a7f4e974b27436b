// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { EngineConfig } from '../config/engine-config.ts';
import type { Database, DatabaseCopy } from '../database/database.ts';
import { parseDatabaseAddress } from '../database/open.ts';
import { MAGIC } from '../database/sqlite/database-file.ts';
import { MailProxyError } from '../errors.ts';

/** Given at once, so that who asked knows that the copy has begun. */
const FIRST = Buffer.from(MAGIC);
const PIECE_BYTES = 262_144;

/** What stands between the name of the database and that of a draft, and what is behind it. */
const DRAFT = '.backup-draft-';
const DRAFT_END = /^[0-9a-f]{16}(-journal|-wal|-shm)?$/;

/** Copies of the database of a running engine. */
export interface Backups {
  /**
   * The database of this moment, byte by byte.
   *
   * @throws {MailProxyError} `conflict` while another one is made, `unsupported`, `storage_full`
   */
  begin(): Promise<AsyncIterable<Uint8Array>>;
}

/**
 * Make a file beside the database and give it away piece by piece. A client that is slow would otherwise keep the
 * database from reusing its log, for as long as it likes.
 */
export function createBackups(
  database: Pick<Database<never>, 'copyTo'>,
  config: Pick<EngineConfig, 'database'>,
): Backups {
  const address = parseDatabaseAddress(config.database);
  const path = address.kind === 'file' ? address.path : null;
  let isBusy = false;
  return {
    async begin() {
      if (isBusy) throw new MailProxyError('conflict', { detail: 'a backup is being made at this moment' });
      isBusy = true;
      try {
        const draft = path === null ? '' : await newDraft(path);
        const copy = await database.copyTo(draft);
        const pieces = piecesOf(copy, draft, () => {
          isBusy = false;
        });
        // One that has not begun ends without cleaning up.
        await pieces.next();
        return pieces;
      } catch (error) {
        isBusy = false;
        if (path !== null) await removeDrafts(path);
        throw error;
      }
    },
  };
}

async function* piecesOf(copy: DatabaseCopy, draft: string, onEnd: () => void): AsyncGenerator<Uint8Array> {
  try {
    await using _ = copy;
    yield FIRST.subarray(0, 0);
    yield FIRST;
    await copy.finished;
    await using file = await open(draft);
    // Its bytes last until it is closed, and no kill leaves it behind.
    await rm(draft);
    yield* file.createReadStream({ start: FIRST.length, highWaterMark: PIECE_BYTES });
  } finally {
    onEnd();
    await rm(draft, { force: true });
  }
}

/** For its owner only: it holds mail. */
async function newDraft(path: string): Promise<string> {
  await removeDrafts(path);
  const draft = `${path}${DRAFT}${randomBytes(8).toString('hex')}`;
  await (await open(draft, 'wx', 0o600)).close();
  return draft;
}

/** Of a server that was killed meanwhile. One copy is made at a time, so that none of them is in use. */
async function removeDrafts(path: string): Promise<void> {
  const own = basename(path);
  const left = (await readdir(dirname(path))).filter((name) => isDraft(name, own));
  await Promise.all(left.map((name) => rm(join(dirname(path), name), { force: true })));
}

/** Files of operators, who may call theirs alike, are none. */
function isDraft(name: string, own: string): boolean {
  const begin = own + DRAFT;
  return name.startsWith(begin) && DRAFT_END.test(name.slice(begin.length));
}
