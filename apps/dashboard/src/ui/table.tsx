// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComponentChildren } from 'preact';
import { useOverflow } from './use-overflow.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers stand at the right. @defaultValue left */
  readonly align?: 'right';
  /** Takes what room is left, and breaks anywhere. @defaultValue false */
  readonly isWide?: boolean;
}

export interface TableProps<Row> {
  /** What it lists, for those who cannot see it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}

/**
 * A table; on a phone each row becomes a card, and the columns' titles stand in it. The first column names the row.
 * Where it is wider than its place it scrolls there, by the keyboard as well.
 */
export function Table<Row>({ caption, ...table }: TableProps<Row>) {
  const [place, isWider] = useOverflow<HTMLDivElement>();
  const scrolling = isWider ? ({ role: 'region', 'aria-label': caption, tabIndex: 0 } as const) : {};
  return (
    <div class="table" ref={place} {...scrolling}>
      <Rows caption={caption} {...table} />
    </div>
  );
}

function Rows<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  return (
    <table>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, align }) => (
            <th key={title} scope="col" class={align}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, cell, align, isWide = false }, index) => {
              const look = [align ?? '', isWide ? 'wide' : ''].join(' ').trim() || undefined;
              return index === 0 ? (
                <th key={title} scope="row" class={look}>
                  {cell(row)}
                </th>
              ) : (
                <td key={title} data-title={title} class={look}>
                  <div>{cell(row)}</div>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
