// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Lane } from '../api/shapes.ts';
import { formatCount } from '../format/numbers.ts';
import { Time } from './time.tsx';

/** How much of each limit is used; nothing where there is none. */
export function Limits({ of }: { readonly of: Lane['limits'] }) {
  if (of.length === 0) return null;
  return (
    <ul class="limits">
      {of.map(({ scope, per, limit, used, free_at }) => (
        <li key={scope + per}>
          <progress
            value={Math.min(used, limit)}
            max={limit}
            aria-label={`${used} of ${limit} ${within(per)}, ${scope}'s limit`}
          />
          <span>
            {formatCount(used)} of {formatCount(limit)} {within(per)}
            {scope === 'tenant' && ', tenant'}
          </span>
          {free_at !== null && (
            <span class="quiet">
              free <Time at={free_at} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

export function within(per: string): string {
  return per === 'hour' ? 'an hour' : `a ${per}`;
}
