// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { MailProxyError } from '../errors.ts';
import { type AuditEntry, execute } from './execute.ts';
import { content, secret } from './fields.ts';
import { type Access, defineOperation } from './operation.ts';
import { type Principal, tenantPrincipal } from './principal.ts';

const ADMIN: Principal = { kind: 'admin', name: 'operator' };
const TENANT: Principal = tenantPrincipal('acme', 'key-1');
const METRICS: Principal = { kind: 'metrics', name: 'scraper' };
const ANONYMOUS: Principal = { kind: 'anonymous', name: 'nobody' };

interface Services {
  readonly fail?: Error;
}

/** Answers with the tenant that it may reach. */
const operationFor = (access: Access) =>
  defineOperation({
    name: 'thing.change',
    summary: 'Change a thing',
    http: { method: 'POST', path: '/things' },
    ...(access === 'tenant' ? { access, scope: 'accounts:write' } : { access }),
    audit: true,
    input: v.strictObject({
      tenant_id: v.optional(v.string()),
      password: v.optional(secret(v.string())),
      inner: v.optional(v.strictObject({ token: secret(v.string()), subject: content(v.string()), kept: v.number() })),
    }),
    output: v.nullable(v.string()),
    run: ({ fail }: Services, _input, { reach }) =>
      fail === undefined ? Promise.resolve(reach.tenantId) : Promise.reject(fail),
  });

interface Run {
  readonly access?: Access;
  readonly principal?: Principal;
  readonly input?: unknown;
  readonly fail?: Error;
}

async function run({ access = 'tenant', principal = ADMIN, input = {}, fail }: Run) {
  const rows: AuditEntry[] = [];
  const audit = async (entry: AuditEntry): Promise<void> => void rows.push(entry);
  const services: Services = fail === undefined ? {} : { fail };
  const outcome = await execute(operationFor(access), input, {
    services,
    caller: { principal, origin: '192.0.2.1' },
    audit,
  }).then(
    (output) => ({ output }),
    (error: unknown) => ({ error }),
  );
  return { ...outcome, rows };
}

describe('who may call what', () => {
  const table: readonly (readonly [Access, Principal, string])[] = [
    ['admin', ADMIN, 'ok'],
    ['admin', TENANT, 'forbidden'],
    ['admin', METRICS, 'forbidden'],
    ['admin', ANONYMOUS, 'unauthenticated'],
    ['tenant', ADMIN, 'ok'],
    ['tenant', TENANT, 'ok'],
    ['tenant', METRICS, 'forbidden'],
    ['tenant', ANONYMOUS, 'unauthenticated'],
    ['public', ADMIN, 'ok'],
    ['public', TENANT, 'ok'],
    ['public', METRICS, 'ok'],
    ['public', ANONYMOUS, 'ok'],
  ];
  for (const [access, principal, expected] of table) {
    test(`an operation for ${access} called by ${principal.kind}: ${expected}`, async () => {
      const outcome = await run({ access, principal });
      expect('error' in outcome ? codeOf(outcome.error) : 'ok').toBe(expected);
    });
  }
});

describe('which rows a call reaches', () => {
  test('a tenant reaches its own, whether it names itself or nobody', async () => {
    expect(await run({ principal: TENANT })).toMatchObject({ output: 'acme' });
    expect(await run({ principal: TENANT, input: { tenant_id: 'acme' } })).toMatchObject({ output: 'acme' });
  });

  test('a tenant that names another gets not_found, as for a tenant that does not exist', async () => {
    const outcome = await run({ principal: TENANT, input: { tenant_id: 'other' } });
    expect(outcome).toMatchObject({ error: { code: 'not_found' } });
  });

  test('an admin reaches the tenant that it names, and all when it names none', async () => {
    expect(await run({ input: { tenant_id: 'acme' } })).toMatchObject({ output: 'acme' });
    expect(await run({})).toMatchObject({ output: null });
  });
});

describe('the command log', () => {
  test('a call leaves one row without its secrets and without mail', async () => {
    const input = { tenant_id: 'acme', password: 'hunter2', inner: { token: 'abc', subject: 'private', kept: 1 } };
    const { rows } = await run({ input });
    expect(rows).toEqual([
      {
        operation: 'thing.change',
        tenantId: 'acme',
        principal: 'operator',
        origin: '192.0.2.1',
        requestId: null,
        input: JSON.stringify({
          tenant_id: 'acme',
          password: '[secret]',
          inner: { token: '[secret]', subject: '[content]', kept: 1 },
        }),
        outcome: 'ok',
      },
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/hunter2|abc|private/);
  });

  test('a call that failed leaves a row with its code, a bug one with internal', async () => {
    const refused = await run({ fail: new MailProxyError('conflict') });
    expect(refused.rows).toMatchObject([{ outcome: 'conflict' }]);
    const bug = new TypeError('bug');
    const broken = await run({ fail: bug });
    expect(broken.rows).toMatchObject([{ outcome: 'internal' }]);
    expect(broken).toMatchObject({ error: bug });
  });

  test('a call that was not let in leaves none', async () => {
    expect((await run({ principal: ANONYMOUS })).rows).toEqual([]);
    expect((await run({ input: { nonsense: 1 } })).rows).toEqual([]);
  });
});

test('an unknown field is named', async () => {
  const outcome = await run({ input: { nonsense: 1 } });
  expect(outcome).toMatchObject({
    error: { code: 'invalid_input', problems: [{ pointer: '/nonsense', message: 'unknown field' }] },
  });
});

test('who may not call learns nothing of the fields', async () => {
  const outcome = await run({ principal: ANONYMOUS, input: { nonsense: 1 } });
  expect(outcome).toMatchObject({ error: { code: 'unauthenticated', problems: [] } });
});

function codeOf(error: unknown): string {
  return error instanceof MailProxyError ? error.code : String(error);
}
