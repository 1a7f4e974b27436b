// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../errors.ts';

/**
 * Choose the row that a reference means among those whose pk or client-chosen name it is. The pk wins: a client may
 * have chosen the pk of another row as a name, and that row's owner must still reach it.
 *
 * @param ambiguous - what to tell a caller who reaches several tenants' rows of that name
 * @throws {MailProxyError} `not_found`, `ambiguous_id`
 */
export function pickReferenced<Row extends { readonly pk: string }>(
  rows: readonly Row[],
  reference: string,
  ambiguous: string,
): Row {
  const owner = rows.find((row) => row.pk === reference);
  if (owner !== undefined) return owner;
  const [row, another] = rows;
  if (row === undefined) throw new MailProxyError('not_found');
  if (another !== undefined) throw new MailProxyError('ambiguous_id', { detail: ambiguous });
  return row;
}
