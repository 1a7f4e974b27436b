// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { navigate, pathNow, searchNow } from './hash-location.ts';

type Query = Readonly<Record<string, string>>;

/** What the address of the page says after its question mark, and how to say something else there. */
export function useQuery(): readonly [Query, (next: Query) => void] {
  const query = Object.fromEntries(new URLSearchParams(searchNow()));
  return [query, (next) => navigate(pathNow() + searchOf(next), { replace: true })];
}

/** With its question mark; '' for nothing. Empty values are left out. */
export function searchOf(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
