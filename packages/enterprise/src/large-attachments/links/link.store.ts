// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statement } from '@mail-proxy/core';
import type { LargeDatabase, LargeFilesTable, LargeLinksTable } from '../large-attachments.table.ts';
import { type LinkFilter, type LinkPage, prepareLinkPages } from './link-pages.ts';

/** Where the file of a link lies. */
export type LinkedObject = Pick<LargeFilesTable, 'storage_url' | 'object_key'>;

/** The links that there are, of all messages. */
export interface LinkStore {
  /** @param tenantId null for all; of another tenant that had this id before there are none */
  get(tenantId: string | null, pk: string): Promise<LargeLinksTable | null>;
  /** Of one message. */
  ofMessage(messagePk: string): Promise<readonly LargeLinksTable[]>;
  list(tenantId: string | null, filter: LinkFilter, page: LinkPage): Promise<readonly LargeLinksTable[]>;
  /** Null where the file is gone. */
  objectOf(link: Pick<LargeLinksTable, 'file_pk' | 'tenant_id'>): Promise<LinkedObject | null>;
  /** To be written: it was downloaded, and ends at `until` if that was the first time and it would end later. */
  downloaded(pk: string, times: { readonly at: number; readonly until: number }): Statement;
  /** To be written: it ends now, unless it has ended. What is signed by the storage ends when that forgets it. */
  revoke(pk: string, at: number): Statement;
  /** To be written: nobody can fetch its file any more. */
  end(pk: string, at: number): Statement;
  /** Forget some that ended before this time. @returns how many */
  dropEnded(before: number, limit: number): Promise<number>;
}

export function createLinkStore(database: LargeDatabase): LinkStore {
  const s = prepareStatements(database);
  const pageOf = prepareLinkPages(database);
  return {
    async get(tenantId, pk) {
      const finding = tenantId === null ? s.find.bind({ pk }) : s.findOf.bind({ pk, tenant_id: tenantId });
      const [link] = await database.read(finding);
      return link ?? null;
    },
    ofMessage: (message_pk) => database.read(s.ofMessage.bind({ message_pk })),
    list: (tenantId, filter, page) => database.read(pageOf(tenantId, filter, page)),
    async objectOf({ file_pk, tenant_id }) {
      const [file] = await database.read(s.object.bind({ pk: file_pk, tenant_id }));
      return file ?? null;
    },
    downloaded: (pk, { at, until }) => s.downloaded.bind({ pk, at, until }),
    revoke: (pk, at) => s.revoke.bind({ pk, at }),
    end: (pk, at) => s.end.bind({ pk, at }),
    async dropEnded(before, limit) {
      const [{ changes }] = await database.write([s.dropEnded.bind({ before, limit })]);
      return changes;
    },
  };
}

interface Ending {
  readonly pk: string;
  readonly at: number;
}

function prepareStatements(database: LargeDatabase) {
  return {
    find: database.prepare<{ readonly pk: string }, LargeLinksTable>((k, p) =>
      k.selectFrom('large_links').selectAll().where('pk', '=', p.pk),
    ),
    findOf: database.prepare<Pick<LargeLinksTable, 'pk' | 'tenant_id'>, LargeLinksTable>((k, p) =>
      k
        .selectFrom('large_links as l')
        .innerJoin('tenants as t', 't.id', 'l.tenant_id')
        .selectAll('l')
        .where('l.pk', '=', p.pk)
        .where('l.tenant_id', '=', p.tenant_id)
        // Links outlive their tenant: who has its id later is not to see them.
        .whereRef('t.created_at', '<=', 'l.created_at'),
    ),
    ofMessage: database.prepare<Pick<LargeLinksTable, 'message_pk'>, LargeLinksTable>((k, p) =>
      k.selectFrom('large_links').selectAll().where('message_pk', '=', p.message_pk),
    ),
    object: database.prepare<Pick<LargeFilesTable, 'pk' | 'tenant_id'>, LinkedObject>((k, p) =>
      k
        .selectFrom('large_files')
        .select(['storage_url', 'object_key'])
        .where('pk', '=', p.pk)
        .where('tenant_id', '=', p.tenant_id),
    ),
    downloaded: database.prepare<Ending & { readonly until: number }>((k, p) =>
      k
        .updateTable('large_links')
        .set((eb) => ({
          downloads: eb('downloads', '+', 1),
          first_downloaded_at: eb.fn.coalesce('first_downloaded_at', eb.cast<number>(eb.val(p.at), 'bigint')),
          last_downloaded_at: p.at,
          expires_at: eb
            .case()
            .when(eb.and([eb('first_downloaded_at', 'is', null), eb('expires_at', '>', p.until)]))
            .then(eb.cast<number>(eb.val(p.until), 'bigint'))
            .else(eb.ref('expires_at'))
            .end(),
        }))
        .where('pk', '=', p.pk),
    ),
    revoke: database.prepare<Ending>((k, p) =>
      k.updateTable('large_links').set({ revoked_at: p.at }).where('pk', '=', p.pk).where('revoked_at', 'is', null),
    ),
    end: database.prepare<Ending>((k, p) =>
      k.updateTable('large_links').set({ expires_at: p.at }).where('pk', '=', p.pk).where('expires_at', '>', p.at),
    ),
    dropEnded: database.prepare<{ readonly before: number; readonly limit: number }>((k, p) =>
      k
        .deleteFrom('large_links')
        .where('pk', 'in', (inner) =>
          inner
            .selectFrom('large_links')
            .select('pk')
            .where('expires_at', '<', p.before)
            .orderBy('expires_at')
            .limit(p.limit),
        ),
    ),
  };
}
