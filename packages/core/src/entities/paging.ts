// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** Which part of a list: `limit` items behind the cursor `after`. */
export interface Paging {
  readonly limit: number;
  readonly after?: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Cursor of the next page; null on the last one. */
  readonly next: string | null;
}

/** Sorts before every key: where a list begins. */
const BEFORE_ALL = '';
/** Sorts after every key of hex digits: where a list that runs backwards begins. */
const AFTER_ALL = '~';

/** Parameters of a query that reads one page; one row more than asked for tells whether there is a next page. */
export function pageInput({ limit, after }: Paging): { readonly after: string; readonly rows: number } {
  return { after: after ?? BEFORE_ALL, rows: limit + 1 };
}

/** As {@link pageInput}, for lists that show the newest first. */
export function backwardPageInput({ limit, after }: Paging): { readonly after: string; readonly rows: number } {
  return { after: after ?? AFTER_ALL, rows: limit + 1 };
}

/** Turn the rows read with {@link pageInput} into a page. */
export function pageFrom<Row>(rows: readonly Row[], limit: number, cursorOf: (row: Row) => string): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
