// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';

/**
 * What stands behind the last `@` of an address, in small letters: what is left once all up to that is cut off. In the
 * words of the index on it, which both databases know by them alone.
 */
export function domainOf(address: RawBuilder<string>): RawBuilder<string> {
  return sql<string>`lower(replace(${address}, rtrim(${address}, replace(${address}, '@', '')), ''))`;
}
