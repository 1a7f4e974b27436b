// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { LargeDatabase, LargeFilesTable } from '../large-attachments.table.ts';

/** A file as it was seen. */
export type SeenFile = Pick<LargeFilesTable, 'pk' | 'tenant_id' | 'storage_url' | 'object_key' | 'used_at'>;

/** Where to go on. */
export interface SeenUpTo {
  readonly used_at: number;
  readonly pk: string;
}

/** Files that nobody needs any more; see {@link LargeFilesTable} for how they go. */
export interface UnneededFileStore {
  /** Some that are stored and were wanted before this time, each with whether a link to it lives. */
  stored(
    page: SeenUpTo & { readonly before: number; readonly now: number },
  ): Promise<readonly (SeenFile & { readonly live: number })[]>;
  /** Some whose upload was begun before this time and never ended. */
  abandoned(before: number): Promise<readonly SeenFile[]>;
  /** Some that are to be deleted. @param after - key of the one before; null for the first */
  deleting(after: string | null): Promise<readonly SeenFile[]>;
  find(pk: string): Promise<(SeenFile & Pick<LargeFilesTable, 'state'>) | null>;
  /**
   * Let no new link have it, and its content come again. False where it is needed after all: somebody wanted it since it was
   * seen, or a link to it lives.
   */
  giveUp(file: SeenFile, now: number): Promise<boolean>;
  /**
   * Ask for the last time of one that was given up, whether a link to it lives: that may have been written in the millisecond
   * in which it was seen. Then it is stored as before; else there will never be one.
   */
  isNeededAfterAll(pk: string, now: number): Promise<boolean>;
  /** Its object is gone. */
  remove(pk: string): Promise<void>;
}

export const PAGE = 500;

export function createUnneededFileStore(database: LargeDatabase): UnneededFileStore {
  const s = prepareStatements(database);
  return {
    stored: (page) => database.read(s.stored.bind(page)),
    abandoned: (before) => database.read(s.abandoned.bind({ before })),
    deleting: (after) => database.read(s.deleting.bind({ after: after ?? '' })),
    async find(pk) {
      const [file] = await database.read(s.find.bind({ pk }));
      return file ?? null;
    },
    async giveUp({ pk, used_at }, now) {
      const [{ changes }] = await database.write([s.giveUp.bind({ pk, used_at, now })]);
      return changes === 1;
    },
    async isNeededAfterAll(pk, now) {
      const [live] = await database.read(s.live.bind({ pk, now }));
      if (live === undefined) return false;
      await database.write([s.keep.bind({ pk })]);
      return true;
    },
    async remove(pk) {
      await database.write([s.remove.bind({ pk })]);
    },
  };
}

interface Seen {
  readonly pk: string;
  readonly used_at: number;
  readonly now: number;
}

function prepareStatements(database: LargeDatabase) {
  const columns = ['pk', 'tenant_id', 'storage_url', 'object_key', 'used_at'] as const;
  return {
    stored: database.prepare<Seen & { readonly before: number }, SeenFile & { readonly live: number }>((k, p) =>
      k
        .selectFrom('large_files as f')
        .select(['f.pk', 'f.tenant_id', 'f.storage_url', 'f.object_key', 'f.used_at'])
        .select((eb) =>
          eb
            .selectFrom('large_links as l')
            .select((of) => of.fn.countAll<number>().as('n'))
            .whereRef('l.file_pk', '=', 'f.pk')
            .where('l.revoked_at', 'is', null)
            .where('l.expires_at', '>', p.now)
            .$asScalar()
            .$notNull()
            .as('live'),
        )
        .where((eb) => eb('f.state', '=', eb.val<LargeFilesTable['state']>('stored')))
        .where('f.used_at', '<', p.before)
        .where((eb) =>
          eb.or([eb('f.used_at', '>', p.used_at), eb.and([eb('f.used_at', '=', p.used_at), eb('f.pk', '>', p.pk)])]),
        )
        .orderBy('f.used_at')
        .orderBy('f.pk')
        .limit(PAGE),
    ),
    abandoned: database.prepare<{ readonly before: number }, SeenFile>((k, p) =>
      k
        .selectFrom('large_files')
        .select(columns)
        .where((eb) => eb('state', '=', eb.val<LargeFilesTable['state']>('uploading')))
        .where('used_at', '<', p.before)
        .limit(PAGE),
    ),
    deleting: database.prepare<{ readonly after: string }, SeenFile>((k, p) =>
      k
        .selectFrom('large_files')
        .select(columns)
        .where((eb) => eb('state', '=', eb.val<LargeFilesTable['state']>('deleting')))
        .where('pk', '>', p.after)
        .orderBy('pk')
        .limit(PAGE),
    ),
    find: database.prepare<{ readonly pk: string }, SeenFile & Pick<LargeFilesTable, 'state'>>((k, p) =>
      k
        .selectFrom('large_files')
        .select([...columns, 'state'])
        .where('pk', '=', p.pk),
    ),
    live: database.prepare<Omit<Seen, 'used_at'>, { readonly pk: string }>((k, p) =>
      k
        .selectFrom('large_links')
        .select('pk')
        .where('file_pk', '=', p.pk)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', p.now)
        .limit(1),
    ),
    // On PostgreSQL the row is looked at again where somebody held it, links in other tables are not: that is what
    // `used_at` is for.
    giveUp: database.prepare<Seen>((k, p) =>
      k
        .updateTable('large_files')
        .set({ state: 'deleting', content_hash: null })
        .where('pk', '=', p.pk)
        .where('state', '<>', 'deleting')
        .where('used_at', '=', p.used_at)
        .where((eb) =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('large_links as l')
                .select('l.pk')
                .whereRef('l.file_pk', '=', 'large_files.pk')
                .where('l.revoked_at', 'is', null)
                .where('l.expires_at', '>', p.now),
            ),
          ),
        ),
    ),
    // Its content is not known to others any more: they store it again.
    keep: database.prepare<{ readonly pk: string }>((k, p) =>
      k.updateTable('large_files').set({ state: 'stored' }).where('pk', '=', p.pk).where('state', '=', 'deleting'),
    ),
    remove: database.prepare<{ readonly pk: string }>((k, p) =>
      k.deleteFrom('large_files').where('pk', '=', p.pk).where('state', '=', 'deleting'),
    ),
  };
}
