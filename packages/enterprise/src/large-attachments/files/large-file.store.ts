// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomUUID } from 'node:crypto';
import { type Clock, exactlyOne, type MakePk, type Statement } from '@mail-proxy/core';
import type { LargeDatabase, LargeFilesTable } from '../large-attachments.table.ts';

/** Which content is wanted in which storage. */
export interface WantedFile {
  readonly tenantId: string;
  readonly storageUrl: string;
  readonly contentHash: string;
  readonly sizeBytes: number;
}

/** Files that were taken out of messages; see {@link LargeFilesTable} for how they come and go. */
export interface LargeFileStore {
  /** The one row of this content, made where there is none. It is wanted from now on. */
  claim(wanted: WantedFile): Promise<{ readonly file: LargeFilesTable; readonly isNew: boolean }>;
  /** All of its object is there. False where the file was given up meanwhile. */
  stored(pk: string): Promise<boolean>;
  /** To be written along with a link to it: its unit fails with `conflict` where the file is not stored. */
  use(pk: string): Statement;
}

export function createLargeFileStore(
  database: LargeDatabase,
  { clock, makePk }: { readonly clock: Clock; readonly makePk: MakePk },
): LargeFileStore {
  const claim = database.prepare<LargeFilesTable, LargeFilesTable>((k, p) =>
    k
      .insertInto('large_files')
      .values({
        pk: p.pk,
        tenant_id: p.tenant_id,
        storage_url: p.storage_url,
        content_hash: p.content_hash,
        object_key: p.object_key,
        size_bytes: p.size_bytes,
        state: 'uploading',
        created_at: p.created_at,
        used_at: p.used_at,
      })
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'storage_url', 'content_hash']).doUpdateSet({ used_at: p.used_at }),
      )
      .returningAll(),
  );
  const stored = database.prepare<Pick<LargeFilesTable, 'pk' | 'used_at'>>((k, p) =>
    k
      .updateTable('large_files')
      .set({ state: 'stored', used_at: p.used_at })
      .where('pk', '=', p.pk)
      .where('state', 'in', ['uploading', 'stored']),
  );
  const use = database.prepare<Pick<LargeFilesTable, 'pk' | 'used_at'>>((k, p) =>
    k.updateTable('large_files').set({ used_at: p.used_at }).where('pk', '=', p.pk).where('state', '=', 'stored'),
  );
  return {
    async claim({ tenantId, storageUrl, contentHash, sizeBytes }) {
      const [pk, now] = [makePk(), clock.now()];
      const row: LargeFilesTable = {
        ...{ pk, tenant_id: tenantId, storage_url: storageUrl, content_hash: contentHash },
        // Keys rise with the time, so that one could be guessed by another.
        ...{ object_key: `${tenantId}/${randomUUID()}`, size_bytes: sizeBytes },
        ...{ state: 'uploading', created_at: now, used_at: now },
      };
      const [{ rows }] = await database.write([claim.bind(row)]);
      const [file] = rows;
      if (file === undefined) throw new Error('the row of a large file was neither made nor found');
      return { file, isNew: file.pk === pk };
    },
    async stored(pk) {
      const [{ changes }] = await database.write([stored.bind({ pk, used_at: clock.now() })]);
      return changes === 1;
    },
    use: (pk) => exactlyOne(use.bind({ pk, used_at: clock.now() }), 'conflict'),
  };
}
