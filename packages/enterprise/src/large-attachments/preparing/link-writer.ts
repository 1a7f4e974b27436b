// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, MakePk, Statement } from '@mail-proxy/core';
import type { LargeDatabase, LargeLinksTable } from '../large-attachments.table.ts';

/** A link in place of one attachment of a message. */
export type NewLink = Pick<
  LargeLinksTable,
  | 'tenant_id'
  | 'message_pk'
  | 'message_id'
  | 'position'
  | 'file_pk'
  | 'filename'
  | 'mime_type'
  | 'size_bytes'
  | 'url_kind'
  | 'expires_at'
>;

export interface LargeLinkWriter {
  /**
   * To be written behind `use` of its file; returns the key that the link has. A file of a message has one link: where the
   * message was not made ready after it was written, it is the same that lives from now on, unless it was revoked. Another file
   * has another one, also in the same place: who prepares a message that was replaced meanwhile may write late.
   */
  put(link: NewLink): Statement<Pick<LargeLinksTable, 'pk'>>;
}

export function createLargeLinkWriter(
  database: LargeDatabase,
  { clock, makePk }: { readonly clock: Clock; readonly makePk: MakePk },
): LargeLinkWriter {
  const put = database.prepare<NewLink & Pick<LargeLinksTable, 'pk' | 'created_at'>, Pick<LargeLinksTable, 'pk'>>(
    (k, p) => {
      const changing = {
        filename: p.filename,
        mime_type: p.mime_type,
        size_bytes: p.size_bytes,
        url_kind: p.url_kind,
        expires_at: p.expires_at,
      };
      return k
        .insertInto('large_links')
        .values({
          pk: p.pk,
          tenant_id: p.tenant_id,
          message_pk: p.message_pk,
          message_id: p.message_id,
          position: p.position,
          file_pk: p.file_pk,
          ...changing,
          created_at: p.created_at,
          revoked_at: null,
          downloads: 0,
          first_downloaded_at: null,
          last_downloaded_at: null,
        })
        .onConflict((conflict) => conflict.columns(['message_pk', 'position', 'file_pk']).doUpdateSet(changing))
        .returning('pk');
    },
  );
  return { put: (link) => put.bind({ ...link, pk: makePk(), created_at: clock.now() }) };
}
