// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
export interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  /** Where more of it is shown. */
  readonly href?: string;
}

/** One figure. */
export function Tile({ name, value, unit, href }: TileProps) {
  return (
    <dl class="tile">
      <dt>{href === undefined ? name : <a href={`#${href}`}>{name}</a>}</dt>
      <dd>
        {value}
        {unit !== undefined && <small> {unit}</small>}
      </dd>
    </dl>
  );
}
