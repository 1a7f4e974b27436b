// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, coreOperations } from '@mail-proxy/core';
import { startSmtpSink } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { exampleOf } from '../src/openapi/examples.ts';
import { type ServedApp, serveApp } from './served-app.case.ts';

const message = (id: string, change: object = {}) => ({
  id,
  from: 'a@example.net',
  to: 'b@example.org',
  subject: 'Hi',
  text: 'yo',
  ...change,
});

/** A tenant with an account named main; gives its key. */
async function addTenant(app: ServedApp, id: string): Promise<string> {
  const { json } = await app.call('POST', '/v1/tenants', { json: { id } });
  const token: string = json.api_key;
  const account = { id: 'main', host: '127.0.0.1', port: 25 };
  expect((await app.call('POST', '/v1/accounts', { token, json: account })).status).toBe(201);
  return token;
}

async function statesOf(app: ServedApp, token: string): Promise<Readonly<Record<string, string>>> {
  const { json } = await app.call('GET', '/v1/messages', { token });
  return Object.fromEntries(
    json.items.map(({ id, state }: { readonly id: string; readonly state: string }) => [id, state]),
  );
}

describe('what a message cannot take is 409', () => {
  test('in_flight while the relay has it, and it is delivered', async () => {
    const relay = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    await using sink = await startSmtpSink({
      async onMessage() {
        arrived.resolve();
        await relay.promise;
        return null;
      },
    });
    await using app = await serveApp();
    const account = { id: 'main', host: sink.host, port: sink.port, tls: 'none' };
    await app.call('POST', '/v1/accounts', { json: account });
    await app.engine.start();
    await app.call('POST', '/v1/messages', { json: message('one') });
    await arrived.promise;
    const cancelled = await app.call('POST', '/v1/messages/one/cancel');
    expect([cancelled.status, cancelled.json.code]).toEqual([409, 'in_flight']);
    const shown = await app.call('GET', '/v1/messages/one');
    expect(shown.json.waiting_for).toMatchObject([{ kind: 'sending' }]);
    relay.resolve();
    for await (const { event } of app.engine.events()) if (event === 'sent') break;
    expect((await app.call('GET', '/v1/messages/one')).json).toMatchObject({ result: 'sent', waiting_for: [] });
  });

  test.each([
    ['release', 'ready'],
    ['retry', 'ready'],
    ['confirm', 'ready'],
  ])('conflict for %s of one that is %s, with the state', async (action, state) => {
    await using app = await serveApp();
    const token = await addTenant(app, 'acme');
    await app.call('POST', '/v1/messages', { token, json: message('one') });
    const answer = await app.call('POST', `/v1/messages/one/${action}`, { token });
    expect([answer.status, answer.json.code, answer.json.state]).toEqual([409, 'conflict', state]);
  });

  test.each(['cancel', 'hold', 'release', 'retry', 'confirm', 'reschedule'])(
    'conflict for %s of one that was cancelled, with the result',
    async (action) => {
      await using app = await serveApp();
      const token = await addTenant(app, 'acme');
      await app.call('POST', '/v1/messages', { token, json: message('one') });
      expect((await app.call('POST', '/v1/messages/one/cancel', { token })).json.result).toBe('cancelled');
      const json = action === 'reschedule' ? { send_at: '2099-01-31T09:00:00Z' } : {};
      const answer = await app.call('POST', `/v1/messages/one/${action}`, { token, json });
      expect([answer.status, answer.json.code]).toEqual([409, 'conflict']);
      expect([answer.json.state, answer.json.result]).toEqual(['final', 'cancelled']);
    },
  );

  test('a message goes by hand through hold, release, another time and its end', async () => {
    await using app = await serveApp();
    const token = await addTenant(app, 'acme');
    const act = async (action: string, json: object = {}) =>
      (await app.call('POST', `/v1/messages/one/${action}`, { token, json })).json;
    await app.call('POST', '/v1/messages', { token, json: message('one') });
    expect(await act('hold')).toMatchObject({ state: 'held' });
    expect(await act('release')).toMatchObject({ state: 'ready' });
    const later = await act('reschedule', { send_at: '2099-01-31T09:00:00+01:00' });
    expect(later).toMatchObject({ state: 'deferred', next_attempt_at: '2099-01-31T08:00:00.000Z' });
    // A time long past means now, and does not make the message too old at once.
    expect(await act('reschedule', { send_at: '2020-01-31T09:00:00Z' })).toMatchObject({ state: 'ready' });
    expect(await act('cancel')).toMatchObject({ state: 'final', result: 'cancelled' });
  });
});

describe('another tenant', () => {
  /** The keys of all that acme has, by the name they have in paths. */
  async function belongingsOfAcme(app: ServedApp, token: string): Promise<Readonly<Record<string, string>>> {
    const create = async (path: string, json: object): Promise<string> =>
      (await app.call('POST', path, { token, json })).json.pk;
    return {
      tenant_id: 'acme',
      account_id: (await app.call('GET', '/v1/accounts/main', { token })).json.pk,
      dkim_key_id: await create('/v1/dkim-keys', { domain: 'acme.example', selector: 'a', generate: 'ed25519' }),
      message_id: await create('/v1/messages', message('secret')),
      storage_id: await create('/v1/storages', {
        name: 's',
        protocol: 'local',
        config: { base_path: '/srv/mail/acme' },
      }),
    };
  }

  const OF_A_TENANT = coreOperations.filter(
    ({ access, http }) => access === 'tenant' && /\{(tenant|account|dkim_key|message|storage)_id\}/.test(http.path),
  );

  const pathOf = ({ http }: AnyOperation, names: Readonly<Record<string, string>>): string =>
    http.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ''));

  test('gets 404 for every route that names a resource, and nothing of it changes', async () => {
    await using app = await serveApp();
    const acme = await addTenant(app, 'acme');
    const other = await addTenant(app, 'other');
    const names = await belongingsOfAcme(app, acme);
    expect(OF_A_TENANT.length).toBeGreaterThan(15);
    for (const operation of OF_A_TENANT) {
      const { method } = operation.http;
      const fields = Object.entries(exampleOf(operation.name) ?? {}).filter(([name]) => !(name in names));
      const call = method === 'POST' || method === 'PATCH' ? { json: Object.fromEntries(fields) } : {};
      const answer = await app.call(method, pathOf(operation, names), { token: other, ...call });
      expect([operation.name, answer.status, answer.json?.code]).toEqual([operation.name, 404, 'not_found']);
    }
    for (const name of ['account', 'dkim_key', 'message']) {
      const path = `/v1/${name.replace('_', '-')}s/${names[`${name}_id`]}`;
      expect([path, (await app.call('GET', path, { token: acme })).status]).toEqual([path, 200]);
    }
    expect(await statesOf(app, acme)).toEqual({ secret: 'ready' });
  });

  test('changes none of its messages by key, id, batch or name of the tenant', async () => {
    await using app = await serveApp();
    const acme = await addTenant(app, 'acme');
    const other = await addTenant(app, 'other');
    const { json } = await app.call('POST', '/v1/messages', {
      token: acme,
      json: message('secret', { batch_code: 'news' }),
    });
    for (const filter of [{ ids: [json.pk] }, { ids: ['secret'] }, { batch_code: 'news' }, { account_id: 'main' }]) {
      const answer = await app.call('POST', '/v1/messages/bulk', { token: other, json: { action: 'cancel', filter } });
      expect([filter, answer.json]).toEqual([filter, { matched: 0, changed: 0, skipped: 0 }]);
    }
    const named = { tenant_id: 'acme', action: 'cancel', filter: { batch_code: 'news' } };
    expect((await app.call('POST', '/v1/messages/bulk', { token: other, json: named })).status).toBe(404);
    expect((await app.call('POST', '/v1/batches/news/suspend', { token: other })).json.parked).toBe(0);
    for (const path of ['/v1/batches/news/suspend', '/v1/batches/news/activate']) {
      const answer = await app.call('POST', path, { token: other, json: { tenant_id: 'acme' } });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect(await statesOf(app, acme)).toEqual({ secret: 'ready' });
    expect((await app.call('GET', '/v1/batches', { token: acme })).json.items).toEqual([]);
  });

  test.each(['/v1/instance/pause', '/v1/instance/resume', '/v1/tenants/acme/suspend', '/v1/tenants/acme/activate'])(
    'and every tenant gets 403 for %s',
    async (path) => {
      await using app = await serveApp();
      const acme = await addTenant(app, 'acme');
      const answer = await app.call('POST', path, { token: acme });
      expect([answer.status, answer.json.code]).toEqual([403, 'forbidden']);
    },
  );
});

describe('a change of many messages', () => {
  test('counts with dry_run and changes nothing, then does what it counted', async () => {
    await using app = await serveApp();
    const token = await addTenant(app, 'acme');
    const messages = ['1', '2', '3'].map((id) => message(id, { batch_code: 'news' }));
    await app.call('POST', '/v1/messages/batch', { token, json: { messages: [...messages, message('4')] } });
    await app.call('POST', '/v1/messages/3/cancel', { token });
    const cancel = { action: 'cancel', filter: { batch_code: 'news' } };
    const count = await app.call('POST', '/v1/messages/bulk', { token, json: { ...cancel, dry_run: true } });
    expect(count.json).toEqual({ matched: 2, changed: 2, skipped: 0 });
    expect(await statesOf(app, token)).toEqual({ 1: 'ready', 2: 'ready', 3: 'final', 4: 'ready' });
    expect((await app.call('POST', '/v1/messages/bulk', { token, json: cancel })).json).toEqual(count.json);
    expect(await statesOf(app, token)).toEqual({ 1: 'final', 2: 'final', 3: 'final', 4: 'ready' });
  });

  test.each([
    ['no condition', { action: 'cancel', filter: {} }, '/filter'],
    ['an unknown condition', { action: 'cancel', filter: { batch: 'news' } }, '/filter/batch'],
    ['an unknown action', { action: 'delete', filter: { state: 'ready' } }, '/action'],
    ['reschedule without a time', { action: 'reschedule', filter: { state: 'ready' } }, '/send_at'],
  ])('with %s is 422 and names the field', async (_, json, pointer) => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/messages/bulk', { json });
    expect([answer.status, answer.json.errors[0].pointer]).toEqual([422, pointer]);
  });
});

test('a suspended batch says so on each of its messages, also on later ones, and goes on', async () => {
  await using app = await serveApp();
  const token = await addTenant(app, 'acme');
  await app.call('POST', '/v1/messages', { token, json: message('1', { batch_code: 'news' }) });
  const suspended = await app.call('POST', '/v1/batches/news/suspend', { token });
  expect(suspended.json).toEqual({ batch_code: 'news', suspended: true, parked: 1 });
  await app.call('POST', '/v1/messages', { token, json: message('2', { batch_code: 'news' }) });
  for (const id of ['1', '2']) {
    const { json } = await app.call('GET', `/v1/messages/${id}`, { token });
    expect(json).toMatchObject({ state: 'suspended', waiting_for: [{ kind: 'batch_suspended', scope: 'batch' }] });
  }
  expect((await app.call('GET', '/v1/batches', { token })).json.items).toMatchObject([{ batch_code: 'news' }]);
  const active = await app.call('POST', '/v1/batches/news/activate', { token });
  expect(active.json).toEqual({ batch_code: 'news', suspended: false, released: 2 });
  expect(await statesOf(app, token)).toEqual({ 1: 'ready', 2: 'ready' });
});

test('a paused instance says so until it is resumed, and so does a suspended tenant', async () => {
  await using app = await serveApp();
  const token = await addTenant(app, 'acme');
  await app.call('POST', '/v1/messages', { token, json: message('1') });
  const kinds = async () =>
    (await app.call('GET', '/v1/messages/1', { token })).json.waiting_for.map(
      ({ kind }: { readonly kind: string }) => kind,
    );
  expect(await kinds()).toEqual(['turn']);
  expect((await app.call('POST', '/v1/instance/pause')).json).toMatchObject({ paused: true });
  expect((await app.call('POST', '/v1/tenants/acme/suspend')).json).toMatchObject({ suspended: true });
  expect(await kinds()).toEqual(['instance_paused', 'tenant_suspended', 'turn']);
  expect((await app.call('POST', '/v1/instance/resume')).json).toEqual({ paused: false, paused_at: null });
  expect((await app.call('POST', '/v1/tenants/acme/activate')).json).toMatchObject({ suspended: false });
  expect(await kinds()).toEqual(['turn']);
});
