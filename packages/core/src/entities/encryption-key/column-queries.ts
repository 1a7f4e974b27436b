// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../database/database.ts';
import type { SealedColumn } from '../../secrets/sealed-columns.ts';
import { prepareChunkQueries } from './chunk-queries.ts';
import { prepareSealedQueries, type SealedQueries } from './sealed-queries.ts';

/** What is asked of a sealed column, of text or of bytes. */
export function prepareColumnQueries(db: Database<unknown>, column: SealedColumn): SealedQueries {
  const { sealedAs } = column;
  return sealedAs === undefined ? prepareSealedQueries(db, column) : prepareChunkQueries(db, { ...column, sealedAs });
}
