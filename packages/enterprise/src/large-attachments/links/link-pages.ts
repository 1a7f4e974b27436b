// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Prepared, Statement } from '@mail-proxy/core';
import type { LargeDatabase, LargeLinksTable } from '../large-attachments.table.ts';
import type { LinkState } from './link-state.ts';

/** Which links: all that is given has to match. */
export interface LinkFilter {
  /** The client's id of the message. */
  readonly messageId: string | null;
  readonly state: LinkState | null;
}

export interface LinkPage {
  /** Primary key of the last row of the page before; null for the first page. */
  readonly after: string | null;
  readonly limit: number;
  readonly now: number;
}

interface Given {
  readonly tenant: string;
  readonly message_id: string;
  readonly after: string;
  readonly limit: number;
  readonly now: number;
}
type Name = 'tenant' | 'message_id' | 'after';

/** Binds the query of a page, newest first. Each set of conditions is a statement of its own, so that it finds its index. */
export function prepareLinkPages(
  database: LargeDatabase,
): (tenantId: string | null, filter: LinkFilter, page: LinkPage) => Statement<LargeLinksTable> {
  const known = new Map<string, Prepared<Given, LargeLinksTable>>();
  return (tenantId, { messageId, state }, { after, limit, now }) => {
    const given: { readonly [N in Name]: string | null } = { tenant: tenantId, message_id: messageId, after };
    // Its keys are those of the literal above.
    const names = (Object.keys(given) as Name[]).filter((name) => given[name] !== null);
    const key = [...names, state].join();
    const prepared = known.get(key) ?? preparePage(database, new Set(names), state);
    known.set(key, prepared);
    // What is null is no condition of this statement.
    return prepared.bind({ ...given, limit, now } as Given);
  };
}

function preparePage(
  database: LargeDatabase,
  names: ReadonlySet<Name>,
  state: LinkState | null,
): Prepared<Given, LargeLinksTable> {
  return database.prepare<Given, LargeLinksTable>((k, p) => {
    let query = k.selectFrom('large_links').selectAll();
    if (names.has('tenant')) {
      query = query.where('tenant_id', '=', p.tenant).where((eb) =>
        // Links outlive their tenant: who has its id later is not to see them.
        eb.exists(
          eb
            .selectFrom('tenants')
            .select('tenants.id')
            .where('tenants.id', '=', p.tenant)
            .whereRef('tenants.created_at', '<=', 'large_links.created_at'),
        ),
      );
    }
    if (names.has('message_id')) query = query.where('message_id', '=', p.message_id);
    if (names.has('after')) query = query.where('pk', '<', p.after);
    if (state === 'revoked') query = query.where('revoked_at', 'is not', null);
    else if (state !== null) {
      query = query.where('revoked_at', 'is', null).where('expires_at', state === 'live' ? '>' : '<=', p.now);
    }
    return query.orderBy('pk', 'desc').limit(p.limit);
  });
}
