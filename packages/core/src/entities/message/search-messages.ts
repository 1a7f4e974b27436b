// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Reach } from '../../operations/principal.ts';
import type { MessageStore } from './message.store.ts';
import type { MessageFilter } from './message-filter.ts';
import type { MessageRow } from './message-row.ts';

/** What no index finds alone: it is looked for among the newest messages that match the rest. */
export interface Sought {
  /** In small letters. */
  readonly domain: string | null;
  /** Part of the subject, in any case. */
  readonly subject: string | null;
}

/** What was found, and how far was looked. */
export interface SearchedPage {
  readonly rows: readonly MessageRow[];
  /** Primary key from which to go on; null where all was looked at. */
  readonly next: string | null;
  /** Messages that were looked at, or entries of the domain. */
  readonly lookedAt: number;
  /** Of them, those that say nothing any more, or whose content is sealed. */
  readonly unreadable: number;
}

type Reads = Pick<MessageStore, 'list' | 'subjects' | 'edge' | 'domainEdge'>;
type Paging = { readonly after: string | null; readonly limit: number };

/** Looked at in one call. */
export const MAX_LOOKED_AT = 5_000;
/** Entries of a domain, or messages of a tenant, in one look for a domain. */
const PIECE = 1_000;
/** Subjects read in one look, so that other reads come in between. */
const SUBJECTS = 100;
/** Before and after all primary keys. */
const FIRST = '';
const LAST = '~';

/**
 * Find messages piece by piece, the newest first, until the page is full, all was looked at, or so much that the rest is
 * for another call: a page may be short, or empty, and yet not be the last.
 */
export async function searchMessages(
  messages: Reads,
  { reach, filter, sought }: { readonly reach: Reach; readonly filter: MessageFilter; readonly sought: Sought },
  { after, limit }: Paging,
): Promise<SearchedPage> {
  const found: MessageRow[] = [];
  let lookedAt = 0;
  let unreadable = 0;
  let next = after;
  for (;;) {
    const piece = await lookAt(messages, { reach, filter, sought }, { after: next, limit: limit - found.length });
    found.push(...piece.rows);
    lookedAt += piece.lookedAt;
    unreadable += piece.unreadable;
    next = piece.next;
    if (next === null || found.length === limit || lookedAt >= MAX_LOOKED_AT) {
      return { rows: found, next, lookedAt, unreadable };
    }
  }
}

type Look = Parameters<typeof searchMessages>[1];

/** The part of a domain that is next, or all that matches where none is asked for. */
async function lookAt(messages: Reads, { reach, filter, sought }: Look, paging: Paging): Promise<SearchedPage> {
  const { domain, subject } = sought;
  if (domain === null) return readSubjects(messages, { reach, filter, subject: subject ?? '' }, paging);
  const { pkFrom = FIRST, pkBefore = LAST } = filter;
  const before = paging.after === null || pkBefore < paging.after ? pkBefore : paging.after;
  // Null where less than a piece is left.
  const entry = await messages.domainEdge({ name: domain, pkFrom, pkBefore: before }, PIECE);
  // The entries are those of all tenants, and where to go on is told: so it is a message of one's own. By where its pages
  // end a tenant can still tell whether all tenants together have a piece of the domain left. Going by its own messages
  // alone would hide that, but then a domain that few write to takes a call for every MAX_LOOKED_AT of them.
  const isShared = entry !== null && reach.tenantId !== null;
  const edge = isShared ? await messages.edge(reach, { pkFrom, pkBefore: before }, PIECE) : entry;
  const inPiece = isShared
    ? { ...filter, toDomain: domain, pkFrom: edge ?? pkFrom, pkBefore: before }
    : { ...filter, domain: { name: domain, pkFrom: edge ?? pkFrom, pkBefore: before } };
  const page =
    subject === null
      ? await listPiece(messages, { reach, filter: inPiece }, paging)
      : await readSubjects(messages, { reach, filter: inPiece, subject }, paging);
  if (page.next !== null) return page;
  return { ...page, next: edge, lookedAt: edge === null ? page.lookedAt : Math.max(page.lookedAt, PIECE) };
}

async function listPiece(
  messages: Reads,
  { reach, filter }: Pick<Look, 'reach' | 'filter'>,
  { after, limit }: Paging,
): Promise<SearchedPage> {
  const rows = await messages.list(reach, filter, { order: 'newest first', after, limit });
  const next = rows.length === limit ? (rows.at(-1)?.pk ?? null) : null;
  return { rows, next, lookedAt: rows.length, unreadable: 0 };
}

/** Those of the next messages that have it in their subject. */
async function readSubjects(
  messages: Reads,
  { reach, filter, subject }: Pick<Look, 'reach' | 'filter'> & { readonly subject: string },
  { after, limit }: Paging,
): Promise<SearchedPage> {
  const rows = await messages.list(reach, filter, { order: 'newest first', after, limit: SUBJECTS });
  const subjects = await messages.subjects(rows.map(({ pk }) => pk));
  const wanted = plain(subject);
  const found: MessageRow[] = [];
  let unreadable = 0;
  for (const [index, row] of rows.entries()) {
    const said = subjects.get(row.pk);
    if (said === undefined) unreadable += 1;
    else if (plain(said).includes(wanted)) found.push(row);
    if (found.length === limit) return { rows: found, next: row.pk, lookedAt: index + 1, unreadable };
  }
  const next = rows.length === SUBJECTS ? (rows.at(-1)?.pk ?? null) : null;
  return { rows: found, next, lookedAt: rows.length, unreadable };
}

/** Without what a person does not see: case, and how an accent is written. */
function plain(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
