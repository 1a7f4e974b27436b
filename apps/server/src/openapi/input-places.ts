// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AnyOperation } from '@mail-proxy/core';
import { inputSchema, type JsonSchema } from './json-schema.ts';

/** One field of an operation's input. */
export interface InputField {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

/** Where each field of an operation's input travels. */
export interface InputPlaces {
  readonly path: readonly InputField[];
  readonly query: readonly InputField[];
  /** Null when the request has no body. */
  readonly body: readonly InputField[] | null;
}

/** To turn a schema into JSON Schema takes a while, and the command line does it for all operations in each run. */
const KNOWN = new WeakMap<AnyOperation, InputPlaces>();

/** Fields of the path first; the rest goes into the body where the method has one, into the query where not. */
export function inputPlaces(operation: AnyOperation): InputPlaces {
  const places = KNOWN.get(operation) ?? findPlaces(operation);
  KNOWN.set(operation, places);
  return places;
}

function findPlaces({ http, input }: AnyOperation): InputPlaces {
  const { properties = {}, required = [] } = inputSchema(input);
  const fields = Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    isRequired: required.includes(name),
  }));
  const inPath = [...http.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const path = inPath.flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const rest = fields.filter((field) => !path.includes(field));
  const hasBody = http.method === 'POST' || http.method === 'PATCH';
  return { path, query: hasBody ? [] : rest, body: hasBody && rest.length > 0 ? rest : null };
}

/** Put fields back into the schema of one object. */
export function objectOf(fields: readonly InputField[]): JsonSchema {
  const required = fields.filter((field) => field.isRequired).map((field) => field.name);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, field.schema])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}
