// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Extension, Extensions } from '../mixin/extensions.ts';
import type { AnyOperation, Call, Operation } from '../operations/operation.ts';

type Row = keyof Extensions;
type Fields = readonly (readonly [name: string, extension: Extension])[];
type Shown = Readonly<Record<string, unknown>>;

/** Which operations take the fields of a row and show them, and what names a row in what they show. */
const OPERATIONS: Readonly<
  Record<Row, { readonly key: string; readonly take: readonly string[]; readonly show: readonly string[] }>
> = {
  tenant: {
    key: 'id',
    take: ['tenants.create', 'tenants.update'],
    show: ['tenants.list', 'tenants.get', 'tenants.update-sending', 'tenants.suspend', 'tenants.activate'],
  },
  account: {
    key: 'pk',
    take: ['accounts.create', 'accounts.update'],
    show: ['accounts.list', 'accounts.get', 'accounts.pause', 'accounts.resume'],
  },
};

/**
 * Merge the fields of mixins into the operations on what they extend, so that routes, documents and commands have them.
 *
 * @throws {TypeError} where a field is there already
 */
export function extendOperations(
  operations: readonly AnyOperation[],
  extensions: readonly Extensions[],
): readonly AnyOperation[] {
  return operations.map((operation) => {
    for (const row of ['tenant', 'account'] as const) {
      const { key, take, show } = OPERATIONS[row];
      const takes = take.includes(operation.name);
      if (!takes && !show.includes(operation.name)) continue;
      const fields = extensions.flatMap((each) => Object.entries(each[row] ?? {}));
      if (fields.length > 0) return extended(operation, fields, { key, takes });
    }
    return operation;
  });
}

function extended(
  operation: AnyOperation,
  fields: Fields,
  { key, takes }: { readonly key: string; readonly takes: boolean },
): AnyOperation {
  // Its services are those that the engine gives to whatever it runs.
  const inner = operation as Operation<unknown>;
  return {
    ...operation,
    enterpriseFields: operation.enterpriseFields?.filter((name) => fields.every(([own]) => own !== name)) ?? [],
    input: takes ? withInputs(operation.input, fields) : operation.input,
    output: withOutputs(operation.output, fields),
    async run(services: unknown, input: unknown, call: Call) {
      // The inputs of all operations are objects.
      const given = input as Shown;
      const own = takes ? fields.filter(([name]) => given[name] !== undefined) : [];
      const rest = Object.fromEntries(Object.entries(given).filter(([name]) => own.every(([field]) => field !== name)));
      const also = (pk: string) => own.flatMap(([name, { save }]) => save(pk, given[name]));
      return shown(await inner.run(services, rest, { ...call, also }), fields, key);
    },
  };
}

/** With the fields of each row that is shown. */
async function shown(output: unknown, fields: Fields, key: string): Promise<unknown> {
  // Outputs of these operations are one row or a page of rows.
  const one = output as Shown;
  const items = 'items' in one ? (one['items'] as readonly Shown[]) : [one];
  const pks = items.map((item) => String(item[key]));
  const values = await Promise.all(fields.map(async ([name, { load }]) => [name, await load(pks)] as const));
  const full = items.map((item, index) => ({
    ...item,
    ...Object.fromEntries(values.map(([name, found]) => [name, found.get(pks[index] ?? '') ?? null])),
  }));
  return 'items' in one ? { ...one, items: full } : full[0];
}

function withInputs(schema: v.GenericSchema, fields: Fields): v.GenericSchema {
  return v.strictObject({
    ...entriesOf(schema, fields),
    ...Object.fromEntries(fields.map(([name, extension]) => [name, v.nullish(extension.schema)])),
  });
}

function withOutputs(schema: v.GenericSchema, fields: Fields): v.GenericSchema {
  const entries = entriesOf(schema, fields);
  const { items } = entries;
  if (items !== undefined && 'item' in items) {
    // An array's schema has that of its items.
    return v.object({ ...entries, items: v.array(withOutputs(items.item as v.GenericSchema, fields)) });
  }
  return v.object({
    ...entries,
    ...Object.fromEntries(fields.map(([name, extension]) => [name, v.nullable(extension.schema)])),
  });
}

function entriesOf(schema: v.GenericSchema, fields: Fields): Readonly<Record<string, v.GenericSchema>> {
  if (!('entries' in schema)) throw new TypeError('what is extended is no object');
  // An object's schema has those of its fields.
  const entries = schema.entries as Readonly<Record<string, v.GenericSchema>>;
  const names = fields.map(([name]) => name);
  const taken = names.find((name, index) => name in entries || names.indexOf(name) !== index);
  if (taken !== undefined) throw new TypeError(`the field ${taken} of a mixin is there already`);
  return entries;
}
