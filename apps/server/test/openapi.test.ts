// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, coreOperations, createMailEngine } from '@mail-proxy/core';
import { safeParse } from 'valibot';
import { describe, expect, test } from 'vitest';
import { findMixins } from '../src/mixins.ts';
import { openApiDocument } from '../src/openapi/document.ts';
import { exampleOf } from '../src/openapi/examples.ts';
import { serveApp } from './served-app.case.ts';

/** Of the community edition, and of that which is installed here. */
const editions = [
  ['community', coreOperations],
  ['installed', await installedOperations()],
] as const;

async function installedOperations(): Promise<readonly AnyOperation[]> {
  const { mixins } = await findMixins('auto');
  await using engine = await createMailEngine({ config: { database: ':memory:' }, mixins });
  return engine.operations;
}

describe.each(editions)('the OpenAPI document of the %s edition', (_, operations) => {
  const document = openApiDocument(operations, { version: '1.2.3' });
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

  test('describes every operation once, under its own name', () => {
    const ids = described.map(({ operation }) => operation.operationId);
    expect(ids.toSorted()).toEqual(operations.map(({ name }) => name).toSorted());
  });

  test('declares each parameter of each path, and no other', () => {
    for (const { path, operation } of described) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
    }
  });

  test('gives bodies to POST and PATCH only, without the fields of the path', () => {
    for (const { path, method, operation } of described) {
      if (operation.requestBody === undefined) continue;
      expect(['post', 'patch']).toContain(method);
      const schema = operation.requestBody.content['application/json']?.schema;
      const names = schema && 'properties' in schema ? Object.keys(schema.properties ?? {}) : [];
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect(path).not.toContain(`{${name}}`);
    }
  });

  test('names the success that the route answers, and problems', () => {
    for (const { operation } of described) {
      const status = String(operations.find(({ name }) => name === operation.operationId)?.http.status ?? 200);
      expect(Object.keys(operation.responses)).toEqual([status, 'default']);
    }
  });

  test('refers only to what it holds', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path);
    expect(references.length).toBeGreaterThan(0);
    for (const path of references) {
      const target = path?.split('/').reduce<unknown>((at, key) => Object(at)[key], document);
      expect([path, target]).toEqual([path, expect.anything()]);
    }
  });

  test('shows forms with files and complete messages, and no field for bytes', () => {
    const create = described.find(({ operation }) => operation.operationId === 'messages.create');
    const { content = {}, description } = create?.operation.requestBody ?? {};
    expect(Object.keys(content)).toEqual(['application/json', 'multipart/form-data', 'message/rfc822']);
    expect(description).toContain('part:');
    const json = JSON.stringify(content['application/json']?.schema);
    expect(json).toContain('"storage_path"');
    expect(json).not.toMatch(/"content":\{("not"|\})/);
    const inQuery = create?.operation.parameters.map(({ name }) => name);
    expect(inQuery).toEqual(expect.arrayContaining(['to', 'send_at', 'priority']));
    expect(inQuery).not.toContain('raw');
    expect(content['multipart/form-data']).toMatchObject({
      schema: { properties: { message: { properties: { from: { type: 'string' } } } }, required: ['message'] },
      encoding: { message: { contentType: 'application/json' } },
    });
  });

  test('shows numbers of the query as numbers', () => {
    const list = described.find(({ operation }) => operation.operationId === 'messages.list');
    const limit = list?.operation.parameters.find(({ name }) => name === 'limit');
    expect(limit?.schema).toEqual({ type: 'integer', default: 100 });
  });
});

test('is served without a token, with the operations of mixins', async () => {
  await using app = await serveApp();
  const answer = await app.call('GET', '/openapi.json', { token: null });
  expect(answer.json.openapi).toBe('3.1.0');
  expect(answer.json.paths['/v1/odd/{thing_id}'].post.operationId).toBe('odd.echo');
});

test('the enterprise edition has all of the community edition, and more', async (context) => {
  const [[, community], [, installed]] = editions;
  if (installed.length === community.length) context.skip('the enterprise package is not installed');
  const names = installed.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(community.map(({ name }) => name)));
  expect(names).toEqual(expect.arrayContaining(['bounces.receive', 'mailboxes.create']));
});

test('every example is an input that its operation takes', () => {
  const wrong = coreOperations.flatMap((operation) => {
    const example = exampleOf(operation.name);
    if (example === undefined) return [];
    const { success, issues } = safeParse(operation.input, example);
    return success ? [] : [[operation.name, issues?.map(({ message }) => message)]];
  });
  expect(wrong).toEqual([]);
});
