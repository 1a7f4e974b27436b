// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, ERRORS } from '@mail-proxy/core';
import type { OpenApiDocument, ResponseObject } from './document.types.ts';
import type { JsonSchema } from './json-schema.ts';
import { pathOperation } from './path-operation.ts';

export interface DocumentOptions {
  readonly version: string;
}

/** Describe these operations in OpenAPI 3.1: a loop over the list, as the routes are. */
export function openApiDocument(operations: readonly AnyOperation[], { version }: DocumentOptions): OpenApiDocument {
  const paths: Record<string, Record<string, ReturnType<typeof pathOperation>>> = {};
  for (const operation of operations) {
    const { path, method } = operation.http;
    paths[path] = { ...paths[path], [method.toLowerCase()]: pathOperation(operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'mail-proxy', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: [...new Set(operations.map(({ name }) => resourceOf(name)))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiToken: { type: 'apiKey', in: 'header', name: 'X-API-Token' },
      },
      schemas: { Problem: problemSchema() },
      responses: { Problem: PROBLEM_RESPONSE },
    },
  };
}

const DESCRIPTION =
  'Accepts messages, delivers them over SMTP relays with retries, and reports what became of them. ' +
  'Fields named *_ts are seconds since 1970, other times RFC 3339. Lists answer {items, next}; pass next as after ' +
  'for the page behind. Errors are application/problem+json with a stable code.';

const PROBLEM_RESPONSE: ResponseObject = {
  description: 'What went wrong (RFC 9457); decide by code',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** The resource of `accounts.create` is accounts. */
export function resourceOf(operation: string): string {
  return operation.split('.')[0] ?? operation;
}

function problemSchema(): JsonSchema {
  const text: JsonSchema = { type: 'string' };
  return {
    type: 'object',
    properties: {
      type: { type: 'string', description: 'urn:mail-proxy:error: and the code' },
      title: text,
      status: { type: 'integer' },
      detail: { type: 'string', description: 'What happened this time' },
      code: { type: 'string', enum: Object.keys(ERRORS) },
      instance: { type: 'string', description: 'The id of the request, as in X-Request-Id' },
      errors: {
        type: 'array',
        description: 'The fields that failed, each by JSON pointer',
        items: {
          type: 'object',
          properties: { pointer: text, message: text, code: text },
          required: ['pointer', 'message'],
        },
      },
    },
    required: ['type', 'title', 'status', 'detail', 'code', 'instance'],
    additionalProperties: true,
  };
}
