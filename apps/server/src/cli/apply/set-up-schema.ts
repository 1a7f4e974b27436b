// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AnyOperation } from '@mail-proxy/core';
import { inputPlaces, objectOf } from '../../openapi/input-places.ts';
import type { JsonSchema } from '../../openapi/json-schema.ts';
import { type Resource, resourcesOf } from './resources.ts';

/** What may stand in a set-up file, for editors. */
export function setUpSchema(operations: readonly AnyOperation[]): object {
  const lists = resourcesOf(operations).map((resource) => [resource.key, { type: 'array', items: itemOf(resource) }]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Set-up of a mail proxy, for mail-proxy apply',
    type: 'object',
    properties: Object.fromEntries(lists),
    additionalProperties: false,
    $defs: { reference: REFERENCE },
  };
}

const REFERENCE = {
  description: 'Stands elsewhere: in a variable of the command, or in a file beside this one.',
  type: 'object',
  properties: { env: { type: 'string' }, file: { type: 'string' } },
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
};

function itemOf({ create, identity }: Resource): object {
  const { path, query, body } = inputPlaces(create);
  const places = [...path, ...query, ...(body ?? [])].map((field) => ({
    ...field,
    isRequired: field.isRequired || (identity.includes(field.name) && field.name !== 'account_id'),
    schema: identity.includes(field.name) ? field.schema : orReference(field.schema),
  }));
  return { ...objectOf(places), description: create.summary };
}

/** Any text may stand elsewhere: secrets have to, certificates may. */
function orReference(schema: JsonSchema): JsonSchema {
  const { anyOf, oneOf, properties, additionalProperties, ...rest } = schema;
  if (schema.type === 'string' && schema.enum === undefined)
    return { anyOf: [{ $ref: '#/$defs/reference' }, schema] } as JsonSchema;
  return {
    ...rest,
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(orReference) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(orReference) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, orReference(inner)])),
        }),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'boolean' ? additionalProperties : orReference(additionalProperties),
        }),
  };
}
