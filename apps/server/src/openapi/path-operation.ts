// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AnyOperation, Scope } from '@mail-proxy/core';
import { LINES_TYPE } from '../http/answer-lines.ts';
import type { Parameter, PathOperation, RequestBodyObject, ResponseObject } from './document.types.ts';
import { type Example, exampleOf } from './examples.ts';
import { type InputField, inputPlaces, objectOf } from './input-places.ts';
import { outputSchema } from './json-schema.ts';
import { mailParameters, otherBodies, otherContent } from './other-bodies.ts';

const ACCESS = {
  admin: 'For the operator: needs the admin token.',
  tenant: 'For a tenant within its own resources, and for the operator, who names the tenant by tenant_id.',
  token: "For anyone with a token: the operator's, or a key of a tenant, whatever its scopes.",
  public: 'For anyone, without a token.',
} as const;

/** Both headers take the same tokens. What a list of OpenAPI 3.1 names there for them are roles: our scopes. */
function securityOf(scope: Scope | undefined): PathOperation['security'] {
  const roles = scope === undefined ? [] : [scope];
  return [{ bearer: roles }, { apiToken: roles }];
}

const PROBLEM = { $ref: '#/components/responses/Problem' };

const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A request with the same key and the same body is answered as before and stores nothing.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
};

/** Describe one operation. */
export function pathOperation(operation: AnyOperation): PathOperation {
  const { name, summary, access, scope, http } = operation;
  const { path, query, body } = inputPlaces(operation);
  const example = exampleOf(name);
  return {
    operationId: name,
    summary,
    description: scope === undefined ? ACCESS[access] : `${ACCESS[access]} A key needs the scope ${scope}.`,
    tags: [name.split('.')[0] ?? name],
    security: access === 'public' ? [] : securityOf(scope),
    parameters: [
      ...path.map((field) => parameter('path', field, example)),
      ...query.map((field) => parameter('query', field, example)),
      ...mailParameters(operation),
      ...(http.isRepeatable === true ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(body === null ? {} : { requestBody: requestBody(operation, body, example) }),
    responses: { [http.status ?? 200]: success(operation), default: PROBLEM },
    'x-access': access,
    ...(scope === undefined ? {} : { 'x-scope': scope }),
  };
}

function parameter(place: 'path' | 'query', { name, schema, isRequired }: InputField, example?: Example): Parameter {
  const value = example?.[name];
  return {
    name,
    in: place,
    required: place === 'path' || isRequired,
    schema,
    ...(value === undefined ? {} : { example: value }),
  };
}

function requestBody({ http }: AnyOperation, fields: readonly InputField[], example?: Example): RequestBodyObject {
  const description = otherBodies(http);
  const shown = Object.entries(example ?? {}).filter(([name]) => fields.some((field) => field.name === name));
  return {
    ...(description === null ? {} : { description }),
    required: fields.some((field) => field.isRequired),
    content: {
      'application/json': {
        schema: objectOf(fields),
        ...(shown.length === 0 ? {} : { example: Object.fromEntries(shown) }),
      },
      ...otherContent(http, objectOf(fields)),
    },
  };
}

function success({ http, output }: AnyOperation): ResponseObject {
  if (http.status === 204) return { description: 'Done' };
  if (http.lines !== undefined) {
    const description = 'Lines of JSON, one value each';
    return { description, content: { [LINES_TYPE]: { schema: outputSchema(http.lines) } } };
  }
  if (http.bytes !== undefined) {
    return { description: 'The bytes as they are', content: { [http.bytes]: { schema: { type: 'string' } } } };
  }
  const description = { 200: 'Done', 201: 'Created', 202: 'Accepted and on disk' }[http.status ?? 200];
  return { description, content: { 'application/json': { schema: outputSchema(output) } } };
}
