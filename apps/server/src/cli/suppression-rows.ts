// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { UsageError } from './usage-error.ts';

export const ROW_FORMATS = ['csv', 'ndjson'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

/** What a row says, as the server takes it. */
export interface GivenEntry {
  readonly address: string;
  readonly reason?: string;
  readonly note?: string;
  readonly expires_at?: string;
  /** On whose list it was: the server refuses it on any other. */
  readonly tenant_id?: string;
}

/** A row of a file, by the line on which it ends; or why it cannot be read. */
export type Row =
  | { readonly line: number; readonly entry: GivenEntry }
  | { readonly line: number; readonly problem: string };

/** The columns of a CSV file that does not name them. */
const UNNAMED = ['address', 'reason', 'note', 'expires_at'] as const;
/** What a row may say. */
export const FIELDS = [...UNNAMED, 'tenant_id'] as const;
type Field = (typeof FIELDS)[number];

/** What others call the column of addresses. */
const ADDRESS_COLUMNS = ['address', 'email', 'recipient'];
/** No entry is as long. */
const MAX_ROW = 100_000;

/**
 * Read rows as they come. CSV (RFC 4180) has its columns named by its first line, or an address in the first column of each;
 * columns and members that are unknown here are passed over, so that what was exported can be imported.
 *
 * @throws {UsageError} where the file is none of that form
 */
export function readRows(bytes: AsyncIterable<Uint8Array | string>, format: RowFormat): AsyncGenerator<Row> {
  return format === 'csv' ? readCsv(bytes) : readNdjson(bytes);
}

async function* readNdjson(bytes: AsyncIterable<Uint8Array | string>): AsyncGenerator<Row> {
  let line = 0;
  for await (const text of createInterface({ input: Readable.from(bytes), crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    const given = (line === 1 ? text.replace(/^\ufeff/, '') : text).trim();
    if (given !== '') yield { line, ...objectOf(given) };
  }
}

function objectOf(text: string): { readonly entry: GivenEntry } | { readonly problem: string } {
  if (text.length > MAX_ROW) return { problem: `expected at most ${MAX_ROW} characters` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Its only way to say no; what it says quotes the line.
    return { problem: 'expected a JSON object' };
  }
  if (typeof value !== 'object' || value === null) return { problem: 'expected a JSON object' };
  const given = new Map<string, unknown>(Object.entries(value));
  const wrong = FIELDS.find((field) => !['string', 'undefined'].includes(typeof (given.get(field) ?? undefined)));
  if (wrong !== undefined) return { problem: `${wrong}: expected text` };
  return entryOf((field) => given.get(field));
}

async function* readCsv(bytes: AsyncIterable<Uint8Array | string>): AsyncGenerator<Row> {
  const { CsvError, parse } = await import('csv-parse');
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW,
  });
  const source = Readable.from(bytes);
  source.on('error', (error) => parser.destroy(error));
  let columns: ReadonlyMap<Field, number> | null = null;
  try {
    for await (const each of source.pipe(parser)) {
      // What the option `info` makes of a record.
      const { record, info } = each as {
        readonly record: readonly string[];
        readonly info: { readonly lines: number };
      };
      if (columns === null) {
        const named = namedColumns(record);
        columns = named ?? new Map(UNNAMED.map((field, index) => [field, index]));
        if (named !== null) continue;
      }
      const places = columns;
      const cell = (field: Field): string | undefined => record[places.get(field) ?? -1];
      yield { line: info.lines, ...entryOf(cell) };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UsageError(`the file is no CSV: ${error.message}`, { cause: error });
  } finally {
    source.destroy();
  }
}

/** The places of columns that the first line names; null where it is an entry itself. */
function namedColumns(record: readonly string[]): ReadonlyMap<Field, number> | null {
  const names = record.map((name) => name.toLowerCase());
  const address = names.findIndex((name) => ADDRESS_COLUMNS.includes(name));
  if (address < 0) {
    if (record[0]?.includes('@') === true) return null;
    throw new UsageError(`the first line names no column of addresses: expected one of ${ADDRESS_COLUMNS.join(', ')}`);
  }
  const others = FIELDS.filter((field) => field !== 'address' && names.includes(field));
  return new Map<Field, number>([
    ['address', address],
    ...others.map((field) => [field, names.indexOf(field)] as const),
  ]);
}

/** What is empty is absent. */
function entryOf(given: (field: Field) => unknown): { readonly entry: GivenEntry } | { readonly problem: string } {
  const texts = FIELDS.flatMap((field) => {
    const value = given(field);
    return typeof value === 'string' && value.trim() !== '' ? [[field, value.trim()] as const] : [];
  });
  const { address, ...others }: { readonly [Name in Field]?: string } = Object.fromEntries(texts);
  return address === undefined ? { problem: 'address: required' } : { entry: { address, ...others } };
}
