// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComponentChildren } from 'preact';
import type { Page } from '../api/shapes.ts';
import { Button } from './button.tsx';
import { ErrorNote } from './error-note.tsx';
import { Table, type TableProps } from './table.tsx';
import type { Pages } from './use-pages.ts';

export interface ListProps<Row> extends Omit<TableProps<Row>, 'rows'> {
  readonly pages: Omit<Pages<Page<Row>>, 'value'>;
  /** What to say where there is nothing, and what to do about it. */
  readonly empty: ComponentChildren;
}

/** A list of the server: while it comes, where there is none of it, and where it failed. */
export function List<Row>({ pages, empty, ...table }: ListProps<Row>) {
  const { items, error, isLoading, reload, more } = pages;
  return (
    <div aria-busy={isLoading}>
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {items === undefined && isLoading && <Skeleton rows={6} />}
      {items !== undefined && items.length === 0 && <div class="empty">{empty}</div>}
      {items !== undefined && items.length > 0 && <Table {...table} rows={items} />}
      {more !== null && items !== undefined && (
        <div class="more">
          <Button onClick={more} isBusy={isLoading}>
            {isLoading ? 'Loading' : 'Show more'}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Where something will stand in a moment. */
export function Skeleton({ rows = 3 }: { readonly rows?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} />
      ))}
    </div>
  );
}
