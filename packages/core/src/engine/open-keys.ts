// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { EngineConfig } from '../config/engine-config.ts';
import { readCatalog, readTableNames } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { parseDatabaseAddress } from '../database/open.ts';
import { rawStatement } from '../database/raw.ts';
import { prepareColumnQueries } from '../entities/encryption-key/column-queries.ts';
import { MailProxyError } from '../errors.ts';
import { KeyRing } from '../secrets/key-ring.ts';
import { type KeySource, makeFirstKey, nameOfSource, type readKeySource } from '../secrets/key-source.ts';
import type { SealedColumn } from '../secrets/sealed-columns.ts';
import type { SealedValues } from '../transfer/sealed-values.ts';

/** Where the keys are that seal secrets: given, written by a program, in a file, or beside the file of the database. */
export function keySource(config: EngineConfig): KeySource {
  const { database, encryptionKey, encryptionKeyFile, encryptionKeyCommand, encryptionKeysPrevious: others } = config;
  if (encryptionKeyCommand !== undefined) {
    if (encryptionKey === undefined && encryptionKeyFile === undefined) {
      return { from: { kind: 'command', command: encryptionKeyCommand }, others };
    }
    throw new MailProxyError('invalid_config', {
      detail: 'encryptionKeyCommand: expected it alone, without encryptionKey and encryptionKeyFile',
    });
  }
  if (encryptionKey !== undefined) return { from: { kind: 'given', key: encryptionKey }, others };
  if (encryptionKeyFile !== undefined) return { from: { kind: 'file', path: encryptionKeyFile }, others };
  const address = parseDatabaseAddress(database);
  switch (address.kind) {
    case 'file':
      return { from: { kind: 'file', path: `${address.path}.key` }, others };
    case 'memory':
      return { from: { kind: 'memory' }, others };
    case 'postgres':
    case 'pool':
      throw new MailProxyError('invalid_config', {
        detail:
          'encryptionKey, encryptionKeyFile or encryptionKeyCommand is required with PostgreSQL: all instances need the same key',
      });
    default:
      return address satisfies never;
  }
}

/**
 * The keys for a database as it is, migrated or not. Nothing is written to it, and a first key is made only where
 * nothing is sealed.
 *
 * @param found - what {@link readKeySource} answered
 * @throws {MailProxyError} `sealed_with_unknown_key` when something in it is sealed with a key that is not at hand
 */
export async function openKeys(
  database: Database<unknown>,
  source: KeySource,
  {
    found,
    columns,
  }: { readonly found: Awaited<ReturnType<typeof readKeySource>>; readonly columns: readonly SealedColumn[] },
): Promise<KeyRing> {
  const atHand = found === null ? [] : new KeyRing(found).ids;
  if (await mayHoldOthers(database, atHand)) {
    const sealed = await sealedWithOthers(database, columns, atHand);
    if (sealed.values > 0) throw withoutKey(sealed, { source, atHand, exists: found !== null });
  }
  return new KeyRing(found ?? (await makeFirstKey(source)));
}

/** The record of the keys says it at once; a database of an older version has none. */
async function mayHoldOthers(database: Database<unknown>, atHand: readonly string[]): Promise<boolean> {
  const tables = await readTableNames(database);
  if (!tables.has('encryption_keys')) return tables.size > 0;
  const used = sql<{ readonly id: string }>`select id from ${sql.table('encryption_keys')}`;
  return (await database.read(rawStatement(database, used))).some(({ id }) => !atHand.includes(id));
}

interface SealedWithOthers {
  readonly values: number;
  /** `table.column` */
  readonly columns: readonly string[];
  readonly keys: readonly string[];
}

async function sealedWithOthers(
  database: Database<unknown>,
  columns: readonly SealedColumn[],
  atHand: readonly string[],
): Promise<SealedWithOthers> {
  const counts = (await countSealed(database, columns)).filter(({ key }) => !atHand.includes(key));
  return {
    values: counts.reduce((sum, { values }) => sum + values, 0),
    columns: [...new Set(counts.map(({ column }) => column))],
    keys: [...new Set(counts.map(({ key }) => key))],
  };
}

/** Which keys the secrets of a database were sealed with, migrated or not. */
export async function countSealed(
  database: Database<unknown>,
  columns: readonly SealedColumn[],
): Promise<readonly SealedValues[]> {
  const catalog = await readCatalog(database, new Set(columns.map(({ table }) => table)));
  const counts: SealedValues[] = [];
  for (const column of columns) {
    const table = catalog.get(column.table);
    // Made by a step that is still to come.
    const needed = [column.column, ...(column.sealedAs === undefined ? [] : [column.sealedAs])];
    if (!needed.every((each) => table?.columns.some(({ name }) => name === each) === true)) continue;
    for (const [key, values] of await prepareColumnQueries(database, column).counts()) {
      if (key === null) continue;
      counts.push({ column: `${column.table}.${column.column}`, key, values });
    }
  }
  return counts;
}

function withoutKey(
  { values, columns, keys }: SealedWithOthers,
  {
    source,
    atHand,
    exists,
  }: { readonly source: KeySource; readonly atHand: readonly string[]; readonly exists: boolean },
): MailProxyError {
  const name = nameOfSource(source);
  const had = exists ? `${name} has ${atHand.join(', ')}` : `there is no key: ${name} is missing`;
  const way = exists
    ? 'Add the missing key, as a further line of the key file or with GMP_ENCRYPTION_KEYS_PREVIOUS'
    : 'Put the key back to where it was, from the copy that you keep';
  return new MailProxyError('sealed_with_unknown_key', {
    detail:
      `${values} values (${columns.join(', ')}) were sealed with the key ${keys.join(', ')}, and ${had}. ${way}, ` +
      'and start again. Nothing was changed.',
  });
}
