// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';

/** The part of JSON Schema (2020-12) that our shapes come out as. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly contentMediaType?: string;
}

/** What a client may send: rules that JSON Schema cannot express are left to the server. */
export function inputSchema(schema: GenericSchema): JsonSchema {
  return convert(schema, 'input');
}

export function outputSchema(schema: GenericSchema): JsonSchema {
  return convert(schema, 'output');
}

/** What takes values that JSON cannot hold, such as bytes, is no field of a document. */
const NOT_JSON = { not: {} } as const;

function convert(schema: GenericSchema, typeMode: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode,
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? NOT_JSON : undefined),
  });
  // The converter's own type allows every draft; ours names what we read of it.
  return plain(converted as JsonSchema);
}

/** Numbers and booleans that may come as text are for query strings; their text form is noise in a document. */
function plain(schema: JsonSchema): JsonSchema {
  const { anyOf, items, properties, ...rest } = schema;
  const branches = anyOf?.filter(isJson).map(plain);
  const [only, another] = branches ?? [];
  if (only !== undefined && another === undefined) return { ...rest, ...only };
  const textual = branches?.find((branch) => branch.type === 'string');
  if (branches?.length === 2 && textual !== undefined) {
    if (textual.pattern === '^-?\\d{1,16}$') return { ...rest, type: 'integer' };
    if (textual.enum?.join() === 'true,false') return { ...rest, type: 'boolean' };
  }
  return {
    ...rest,
    ...(branches === undefined ? {} : { anyOf: branches }),
    ...(items === undefined ? {} : { items: plain(items) }),
    ...(properties === undefined ? {} : { properties: fieldsOf(properties) }),
  };
}

function fieldsOf(properties: NonNullable<JsonSchema['properties']>): NonNullable<JsonSchema['properties']> {
  const fields = Object.entries(properties).filter(([, inner]) => isJson(inner));
  return Object.fromEntries(fields.map(([name, inner]) => [name, plain(inner)]));
}

function isJson(schema: JsonSchema): boolean {
  return !('not' in schema);
}
