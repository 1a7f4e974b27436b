// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  type Kysely,
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type QueryId,
  type RawNode,
  type RootOperationNode,
  sql,
  TableNode,
} from 'kysely';
import pg from 'pg';
import { postgresCatalogOf } from '../catalog-dialect.ts';
import { type Dialect, postgresDialect } from '../dialect.ts';
import type { Connection } from './connection.ts';

/**
 * The dialect of an engine whose tables stand in `schema`. Its name stands in each statement, because a search path
 * belongs to a connection, and connections may be somebody else's or be handed around by a proxy.
 */
export function postgresDialectIn(schema: string | null): Dialect {
  if (schema === null) return postgresDialect;
  return {
    ...postgresDialect,
    compiler: inSchema(postgresDialect.compiler, schema),
    catalog: postgresCatalogOf(schema),
    // Engines of other schemas have accounts and tenants of their own.
    lockScope: (scope) => sql`select pg_advisory_xact_lock(hashtextextended(${sql.lit(`${schema} `)} || ${scope}, 0))`,
    migrationLock: sql`select pg_advisory_xact_lock(hashtextextended(${sql.lit(`mail-proxy migration of ${schema}`)}, 0))`,
  };
}

function inSchema(compiler: Kysely<never>, schema: string): Kysely<never> {
  return compiler.withSchema(schema).withPlugin(new RawTablesInSchema(schema));
}

/** Does for `sql.table()` within raw SQL what Kysely's own plugin does for tables that its builder knows. */
class RawTablesInSchema implements KyselyPlugin {
  readonly #transformer: RawTableTransformer;

  constructor(schema: string) {
    this.#transformer = new RawTableTransformer(schema);
  }

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node, queryId);
  }

  async transformResult({ result }: Parameters<KyselyPlugin['transformResult']>[0]) {
    return result;
  }
}

class RawTableTransformer extends OperationNodeTransformer {
  readonly #schema: string;

  constructor(schema: string) {
    super();
    this.#schema = schema;
  }

  protected override transformRaw(node: RawNode, queryId?: QueryId): RawNode {
    const raw = super.transformRaw(node, queryId);
    return { ...raw, parameters: raw.parameters.map((parameter) => this.#qualified(parameter)) };
  }

  #qualified(node: RawNode['parameters'][number]): RawNode['parameters'][number] {
    if (!TableNode.is(node) || node.table.schema !== undefined) return node;
    return TableNode.createWithSchema(this.#schema, node.table.identifier.name);
  }
}

/** Make the schema unless it is there. Nobody needs the right to make one that exists. */
export async function ensureSchema(connection: Connection, schema: string | null): Promise<void> {
  if (schema === null) return connection.command('select 1');
  // One statement, in which two engines that start at once do not collide.
  await connection.command(`do $make$ begin
    if not exists (select 1 from pg_catalog.pg_namespace where nspname = ${pg.escapeLiteral(schema)}) then
      create schema ${pg.escapeIdentifier(schema)};
    end if;
  exception when duplicate_schema or unique_violation then null;
  end $make$`);
}
