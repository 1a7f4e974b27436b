// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, coreOperations } from '@mail-proxy/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROWS, type Row } from './operation-rows.case.ts';
import { ADMIN_TOKEN, METRICS_TOKEN } from './served-app.case.ts';
import { type Answer, openTable, type TableWorld } from './table-world.case.ts';

// One world for the whole table: a row makes what it is about, and a call that is refused changes nothing.
let world: TableWorld;
beforeAll(async () => {
  world = await openTable();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test('every operation has a row', () => {
  expect(world.engine.operations.map(({ name }) => name).filter((name) => !(name in ROWS))).toEqual([]);
});

/** Of mixins; those for tenants are open to them within their own. */
const ofMixins = {
  table: ['touch'],
  mailboxes: ['create', 'list', 'get', 'update', 'delete', 'status', 'check', 'list-mails', 'retry-mail'],
  'large-attachments': ['list', 'get', 'revoke'],
  bounces: ['receive', 'list-unmatched', 'settings', 'update-settings', 'remove-settings'],
};
const forTenants = Object.entries(ofMixins).flatMap(([resource, verbs]) =>
  verbs.map((verb) => ({ name: `${resource}.${verb}`, access: 'tenant' })),
);
const others = ['imap.verify', ...forTenants.map(({ name }) => name)];

describe('who may call', () => {
  for (const name of [...coreOperations.map((operation) => operation.name), ...others]) {
    test(`${name}, as every kind of caller`, async (context) => {
      const { operation, row } = rowOf(name) ?? context.skip('the mixin that has it is not installed');
      const refused = await row.input(world);
      const wrong: unknown[] = [];
      for (const caller of world.callers.filter(({ may }) => !may(operation))) {
        const { status } = await world.call(caller.token, operation, refused);
        if (status !== caller.refusal) wrong.push([caller.name, status]);
      }
      for (const caller of world.callers.filter(({ may }) => may(operation))) {
        const isAdmin = caller.name.includes('admin token');
        const answer = await world.call(caller.token, operation, forTenant(operation, await row.input(world), isAdmin));
        const success = row.status ?? operation.http.status ?? 200;
        if (answer.status !== success) wrong.push([caller.name, answer.status, answer.text]);
      }
      expect(wrong).toEqual([]);
    });
  }
});

describe("another tenant's key is told exactly what it is told of what does not exist", () => {
  for (const { name, access } of [...coreOperations, ...forTenants]) {
    if (access !== 'tenant') continue;
    test(`by ${name}`, async (context) => {
      const { operation, row } = rowOf(name) ?? context.skip('the mixin that has it is not installed');
      const theirs = await row.input(world);
      const names = row.names ?? [];
      const nobodys = { ...theirs, ...Object.fromEntries(names.map((field) => [field, 'does-not-exist'])) };
      const found = await world.call(world.stranger, operation, theirs);
      if (names.length > 0) {
        expect(found.status).toBe(404);
        expect(withoutRequest(found.json)).toEqual(
          withoutRequest((await world.call(world.stranger, operation, nobodys)).json),
        );
      } else expect(JSON.stringify(found.json ?? found.text)).not.toContain('acme');
      if (!takesTenant(operation)) return;
      const named = await world.call(world.stranger, operation, { ...theirs, tenant_id: 'acme' });
      const unknown = await world.call(world.stranger, operation, { ...nobodys, tenant_id: 'nobody' });
      expect([named.status, withoutRequest(named.json)]).toEqual([404, withoutRequest(unknown.json)]);
    });
  }

  test('for each message of a batch', async () => {
    const messages = ['acme', 'nobody'].map((tenant_id) => ({
      ...{ tenant_id, from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hello' },
    }));
    const { operation } = rowOf('messages.create-batch') ?? expect.unreachable();
    const { json } = await world.call(world.stranger, operation, { messages });
    const [theirs, nobodys] = json.results;
    expect(theirs).toMatchObject({ status: 'rejected', code: 'not_found' });
    expect({ ...nobodys, index: 0 }).toEqual(theirs);
  });
});

describe('a test key reaches nothing that is no sandbox', () => {
  for (const { name, access } of [...coreOperations, ...forTenants]) {
    // That a token tells about itself is no reach.
    if (access === 'public' || access === 'token') continue;
    test(`by ${name}`, async (context) => {
      const { operation, row } = rowOf(name) ?? context.skip('the mixin that has it is not installed');
      const theirs = await row.input(world);
      const answer = await world.call(world.tester, operation, theirs);
      const posted = operation.scope === 'messages:send' ? refusedPost(answer) : null;
      if (operation.forTestKeys !== true) expect(answer.status).toBe(403);
      else if (posted !== null) expect(posted).toEqual(['no_default_account']);
      else if ((row.names ?? []).length > 0 || row.status !== undefined) expect(answer.status).toBe(404);
      else expect(answer.json).toEqual(name.endsWith('.clear') ? { removed: 0 } : { items: [], next: null });
    });
  }

  test('nor by a name of what there is, nor in its place', async () => {
    await world.run('accounts.create', { tenant_id: 'other', id: 'box', type: 'sandbox' });
    const token = String((await world.run('api-keys.create', { tenant_id: 'other', mode: 'test' }))['api_key']);
    const mail = { from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hello' };
    const post = async (message: object) =>
      world.fetch(token, 'POST', '/v1/messages', {
        body: JSON.stringify({ ...mail, ...message }),
        headers: { 'content-type': 'application/json' },
      });
    await world.run('messages.create', { tenant_id: 'other', account_id: 'main', ...mail, id: 'live' });
    expect((await post({ account_id: 'main' })).json.code).toBe('unknown_account');
    for (const on_conflict of ['reject', 'ignore', 'replace_if_pending']) {
      const { json } = await post({ id: 'live', on_conflict });
      expect([json.code, json.state]).toEqual(['duplicate_id', undefined]);
    }
    expect(await world.run('messages.get', { message_id: 'live', tenant_id: 'other' })).toMatchObject({
      account_id: 'main',
    });
    const { json } = await post({ id: 'test' });
    expect(json).toMatchObject({ id: 'test', account_id: 'box' });
    expect((await post({ id: 'test', on_conflict: 'replace_if_pending' })).json.conflict).toBe('replaced');
    // What was meant for a sandbox does not go out in its place either.
    const live = world.run('messages.create', {
      ...{ tenant_id: 'other', account_id: 'main', ...mail, id: 'test', on_conflict: 'replace_if_pending' },
    });
    await expect(live).rejects.toMatchObject({ code: 'in_flight' });
    const listed = await world.fetch(token, 'GET', '/v1/messages?include=count');
    expect(listed.json).toMatchObject({ items: [{ id: 'test' }], count: 1 });
    expect((await world.fetch(token, 'GET', '/v1/messages/test')).status).toBe(200);
    expect((await world.fetch(token, 'GET', '/v1/messages/live')).status).toBe(404);
    expect((await world.fetch(token, 'GET', '/v1/accounts')).json.items).toMatchObject([{ id: 'box' }]);
    expect((await world.fetch(token, 'GET', '/v1/accounts/box')).status).toBe(200);
    const ofBoth = await world.fetch(world.stranger, 'GET', '/v1/messages?limit=2');
    expect(ofBoth.json.items).toMatchObject([{ id: 'test' }, { id: 'live' }]);
  });

  test('and a request that was answered in a test is no answer to one that is none', async () => {
    const tenant_id = world.unique();
    await world.run('tenants.create', { id: tenant_id });
    await world.run('accounts.create', { tenant_id, id: 'main', host: '127.0.0.1', port: 1, is_default: true });
    await world.run('accounts.create', { tenant_id, id: 'box', type: 'sandbox' });
    const accounts: string[] = [];
    for (const mode of ['test', 'live', 'test']) {
      const token = String((await world.run('api-keys.create', { tenant_id, mode }))['api_key']);
      const { json } = await world.fetch(token, 'POST', '/v1/messages', {
        body: JSON.stringify({ from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hello' }),
        headers: { 'content-type': 'application/json', 'idempotency-key': 'order-17' },
      });
      accounts.push(`${json.account_id} ${json.pk}`);
    }
    expect(accounts.map((one) => one.split(' ')[0])).toEqual(['box', 'main', 'box']);
    expect(accounts[2]).toBe(accounts[0]);
  });
});

describe('the other forms in which a message is posted', () => {
  const form = (): FormData => {
    const data = new FormData();
    data.set('message', JSON.stringify({ from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hello' }));
    data.set('file', new Blob(['bytes']), 'a.txt');
    return data;
  };
  const forms = {
    'multipart/form-data': () => ({ body: form() }),
    'message/rfc822': () => ({
      body: 'From: a@example.net\r\nTo: b@example.org\r\nSubject: Hi\r\n\r\nHello\r\n',
      headers: { 'content-type': 'message/rfc822' },
    }),
  };
  for (const [type, request] of Object.entries(forms)) {
    test(`${type} is let in as JSON is`, async () => {
      const { operation } = rowOf('messages.create') ?? expect.unreachable();
      for (const caller of world.callers) {
        // The operator has no account of its own there.
        const path = caller.name.includes('admin token') ? '/v1/messages?tenant_id=acme' : '/v1/messages';
        const { status } = await world.fetch(caller.token, 'POST', path, request());
        expect([caller.name, status]).toEqual([caller.name, caller.may(operation) ? 202 : caller.refusal]);
      }
    });

    test(`${type} is from a sender that the key allows`, async () => {
      const key = async (senders: readonly string[]) =>
        String((await world.run('api-keys.create', { tenant_id: 'acme', senders }))['api_key']);
      const post = async (token: string) => (await world.fetch(token, 'POST', '/v1/messages', request())).status;
      expect(await post(await key(['example.net']))).toBe(202);
      expect(await post(await key(['a@example.net']))).toBe(202);
      expect(await post(await key(['b@example.net', 'net', 'sub.example.net']))).toBe(403);
    });
  }
});

describe('the paths that are no operations', () => {
  const open = ['/', '/docs', '/openapi.json', '/livez', '/readyz', '/health'];

  test('are these, metrics, and those that mixins answer for anybody', () => {
    const { operations, routes } = world.engine;
    const served = [...operations.map(({ http }) => http.path), ...routes.map(({ path }) => path)];
    const known = served.map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
    const rest = world.routes.map(({ path }) => path).filter((path) => !known.includes(path) && path !== '/*');
    expect(new Set(rest)).toEqual(new Set([...open, '/metrics']));
  });

  test('of mixins give what nobody signed to nobody', async () => {
    for (const { path } of world.engine.routes) {
      for (const { name, token } of world.callers) {
        const answer = await world.fetch(token, 'GET', path.replaceAll(/\{\w+\}/g, 'x'));
        expect([path, name, answer.status]).toEqual([path, name, 404]);
      }
    }
  });

  test.each(open)('%s says the same to everybody', async (path) => {
    const { status, text } = await world.fetch(null, 'GET', path);
    expect([200, 302, 503]).toContain(status);
    for (const { name, token } of world.callers) {
      const answer = await world.fetch(token, 'GET', path);
      expect([name, answer.status, answer.text]).toEqual([name, status, text]);
    }
  });

  test('/metrics is for the operator and for tokens that read metrics', async () => {
    for (const { name, token, refusal } of world.callers) {
      const mayRead = /metrics token|(the|an) admin token/.test(name);
      expect([name, (await world.fetch(token, 'GET', '/metrics')).status]).toEqual([name, mayRead ? 200 : refusal]);
    }
    expect([ADMIN_TOKEN, METRICS_TOKEN].every((token) => world.callers.some((caller) => caller.token === token))).toBe(
      true,
    );
  });
});

function rowOf(name: string): { readonly operation: AnyOperation; readonly row: Row } | null {
  const operation = world.engine.operations.find((one) => one.name === name);
  const row = ROWS[name];
  return operation === undefined || row === undefined ? null : { operation, row };
}

/** Why each message was refused. */
function refusedPost({ json }: Answer): readonly string[] {
  const results: readonly { readonly code: string }[] = json.results ?? [json];
  return results.map(({ code }) => code);
}

function takesTenant({ input }: AnyOperation): boolean {
  return 'entries' in input && 'tenant_id' in Object(input.entries);
}

/** An operator says whose things are meant. */
function forTenant(operation: AnyOperation, input: object, isAdmin: boolean): object {
  return isAdmin && takesTenant(operation) ? { tenant_id: 'acme', ...input } : input;
}

/** Each request has an id of its own. */
function withoutRequest(problem: object): object {
  return { ...problem, instance: '' };
}
