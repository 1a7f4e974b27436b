// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { CatalogColumn } from '../database/catalog-dialect.ts';
import type { Database } from '../database/database.ts';
import { openDatabase, parseDatabaseAddress } from '../database/open.ts';
import { prepareRaw, rawStatement } from '../database/raw.ts';
import type { SqlValue, Statement } from '../database/statement.ts';
import { MailProxyError } from '../errors.ts';
import type { SourceRow } from './source-values.ts';

/** Rows held in memory at the same time, and the bytes of the texts in them; a single row may have more. */
const MAX_ROWS = 500;
const MAX_BYTES = 8 * 1_048_576;

/** No column has such names. */
const LIMIT = '#limit';
const AFTER = '#after';

/** A database of genro-mail-proxy, which is only ever read. */
export interface GenroSource extends AsyncDisposable {
  readonly kind: 'sqlite' | 'postgres';
  /** The line of versions that its tables are of; tables and columns may be missing in either. */
  readonly schema: '0.6' | '0.7';
  has(table: string, column?: string): boolean;
  /** Rows for which `where` holds. */
  count(table: string, where?: RawBuilder<unknown>): Promise<number>;
  /** Rows by their primary key, page by page; none where there is no such table. */
  pages(table: string, where?: RawBuilder<unknown>): AsyncGenerator<readonly SourceRow[], void, undefined>;
  read<Row>(query: RawBuilder<Row>): Promise<readonly Row[]>;
}

/**
 * Open a database of genro-mail-proxy. SQLite files are opened read-only, and connections to PostgreSQL refuse to write.
 *
 * @throws {MailProxyError} `invalid_config` for what is no such database, `database_unavailable`
 */
export async function openGenroSource(address: string): Promise<GenroSource> {
  const database = await openToRead(address);
  try {
    const columns = await database.read(rawStatement(database, database.dialect.catalog.columns));
    return new Source(
      database,
      Map.groupBy(columns, ({ table_name }) => table_name),
    );
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

async function openToRead(address: string): Promise<Database<unknown>> {
  const place = parseDatabaseAddress(address);
  if (place.kind === 'memory')
    throw new MailProxyError('invalid_config', { detail: 'a database in memory is nobody else’s' });
  return openDatabase<unknown>(place.kind === 'postgres' ? readOnlyUrl(place.url) : address, { readOnly: true });
}

/** Whatever is asked on the connection, the server refuses to write. */
function readOnlyUrl(text: string): string {
  const url = new URL(text);
  const options = url.searchParams.get('options') ?? '';
  url.searchParams.set('options', `${options} -c default_transaction_read_only=on`.trim());
  return url.href;
}

class Source implements GenroSource {
  readonly schema: '0.6' | '0.7';
  readonly #database: Database<unknown>;
  readonly #tables: ReadonlyMap<string, readonly CatalogColumn[]>;

  constructor(database: Database<unknown>, tables: ReadonlyMap<string, readonly CatalogColumn[]>) {
    this.#database = database;
    this.#tables = tables;
    if (tables.has('schema_migrations')) {
      throw new MailProxyError('invalid_config', {
        detail: 'the source is a database of mail-proxy itself: move it with mail-proxy export and mail-proxy import',
      });
    }
    const needed = [
      ['accounts', 'host'],
      ['messages', 'payload'],
    ] as const;
    const missing = needed.find(([table, column]) => !this.has(table, column));
    if (missing !== undefined) {
      throw new MailProxyError('invalid_config', {
        detail: `the source is no database of genro-mail-proxy: it has no ${missing.join('.')}`,
      });
    }
    this.schema = tables.has('storages') ? '0.7' : '0.6';
  }

  get kind(): 'sqlite' | 'postgres' {
    return this.#database.dialect.name;
  }

  has(table: string, column?: string): boolean {
    const columns = this.#tables.get(table);
    return columns !== undefined && (column === undefined || columns.some(({ column_name }) => column_name === column));
  }

  async count(table: string, where: RawBuilder<unknown> = EVERY): Promise<number> {
    if (!this.has(table)) return 0;
    const [row] = await this.read(
      sql<{ count: number }>`select count(*) as count from ${sql.table(table)} where ${where}`,
    );
    return row?.count ?? 0;
  }

  async *pages(
    table: string,
    where: RawBuilder<unknown> = EVERY,
  ): AsyncGenerator<readonly SourceRow[], void, undefined> {
    if (!this.has(table)) return;
    const pages = this.#prepare(table, where);
    let after: SourceRow | null = null;
    let limit = MAX_ROWS;
    for (;;) {
      limit = await this.#fitting(pages, after, Math.min(MAX_ROWS, limit * 2));
      const rows: readonly SourceRow[] = await this.#database.read(pages.rows(after, limit));
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (rows.length < limit || last === undefined) return;
      after = last;
    }
  }

  read<Row>(query: RawBuilder<Row>): Promise<readonly Row[]> {
    return this.#database.read(rawStatement(this.#database, query));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }

  async #fitting(pages: Pages, after: SourceRow | null, from: number): Promise<number> {
    let limit = from;
    while (limit > 1) {
      const [size] = await this.#database.read(pages.size(after, limit));
      if ((size?.bytes ?? 0) <= MAX_BYTES) break;
      limit = Math.ceil(limit / 2);
    }
    return limit;
  }

  #prepare(table: string, where: RawBuilder<unknown>): Pages {
    const columns = this.#tables.get(table) ?? [];
    const key = columns
      .filter(({ key_position }) => key_position > 0)
      .toSorted((a, b) => a.key_position - b.key_position)
      .map(({ column_name }) => column_name);
    if (key.length === 0)
      throw new MailProxyError('invalid_config', { detail: `the table ${table} of the source has no primary key` });
    const refs = sql.join(key.map((name) => sql.ref(name)));
    const page = (what: RawBuilder<unknown>, input: PageInput, isFirst: boolean) => sql`
      select ${what} from ${sql.table(table)} where ${where}
      ${isFirst ? sql`` : sql`and (${refs}) > (${sql.join(key.map((name) => input[`${AFTER}${name}`]))})`}
      order by ${refs} limit ${input[LIMIT]}`;
    const selected = sql.join(columns.map(selectedAs));
    const length = this.has(table, 'payload')
      ? sql`coalesce(octet_length(${sql.ref('payload')}), 0) as size`
      : sql`0 as size`;
    const rows = [false, true].map((isFirst) =>
      prepareRaw<PageInput, SourceRow>(
        this.#database,
        (input) => page(selected, input, isFirst) as RawBuilder<SourceRow>,
      ),
    );
    const size = [false, true].map((isFirst) =>
      prepareRaw<PageInput, { readonly bytes: number }>(
        this.#database,
        (input) =>
          sql`select cast(coalesce(sum(size), 0) as bigint) as bytes from (${page(length, input, isFirst)}) as page`,
      ),
    );
    const bound = <Row>(
      [next, first]: readonly { bind(input: PageInput): Statement<Row> }[],
      after: SourceRow | null,
      limit: number,
    ): Statement<Row> => {
      const chosen = after === null ? first : next;
      if (chosen === undefined) throw new Error('a page has two statements');
      const last = after === null ? [] : key.map((name) => [`${AFTER}${name}`, after[name] ?? null] as const);
      return chosen.bind({ ...Object.fromEntries(last), [LIMIT]: limit });
    };
    return {
      rows: (after, limit) => bound(rows, after, limit),
      size: (after, limit) => bound(size, after, limit),
    };
  }
}

type PageInput = Readonly<Record<string, SqlValue>>;

interface Pages {
  readonly rows: (after: SourceRow | null, limit: number) => Statement<SourceRow>;
  readonly size: (after: SourceRow | null, limit: number) => Statement<{ readonly bytes: number }>;
}

const EVERY = sql`1 = 1`;

const NUMBERS: ReadonlySet<string> = new Set(['integer', 'bigint', 'smallint']);

/** Times, JSON and booleans as the database writes them: each driver would make something else of them. */
function selectedAs({ column_name: name, type }: CatalogColumn): RawBuilder<unknown> {
  return NUMBERS.has(type) ? sql`${sql.ref(name)}` : sql`cast(${sql.ref(name)} as text) as ${sql.ref(name)}`;
}
