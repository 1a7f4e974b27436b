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
   * To be written behind `use` of its file; returns the key that the link has. An attachment has one link: where the message
   * was not made ready after it was written, it is the same that lives from now on. One that was revoked stays so, unless the
   * message was replaced and has another file there: nobody got the link, as what a relay took is not replaced.
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
        file_pk: p.file_pk,
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
          ...changing,
          created_at: p.created_at,
          revoked_at: null,
          downloads: 0,
          first_downloaded_at: null,
          last_downloaded_at: null,
        })
        .onConflict((conflict) =>
          conflict.columns(['message_pk', 'position']).doUpdateSet((eb) => {
            const isOther = eb.or([
              eb('large_links.file_pk', '<>', eb.ref('excluded.file_pk')),
              eb('large_links.filename', '<>', eb.ref('excluded.filename')),
            ]);
            return {
              ...changing,
              revoked_at: eb
                .case()
                .when(isOther)
                .then(eb.ref('excluded.revoked_at'))
                .else(eb.ref('large_links.revoked_at'))
                .end(),
            };
          }),
        )
        .returning('pk');
    },
  );
  return { put: (link) => put.bind({ ...link, pk: makePk(), created_at: clock.now() }) };
}
