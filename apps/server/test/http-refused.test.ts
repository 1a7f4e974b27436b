// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { type ServedApp, serveApp } from './served-app.case.ts';

const right = { id: 'one', from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'yo' };
const PAST = '2020-01-31T09:00:00Z';

async function appWithAccount(): Promise<ServedApp> {
  const app = await serveApp();
  const account = { id: 'main', host: '127.0.0.1', port: 25 };
  expect((await app.call('POST', '/v1/accounts', { json: account })).status).toBe(201);
  return app;
}

const pointersOf = (json: { readonly errors: readonly { readonly pointer: string }[] }) =>
  json.errors.map(({ pointer }) => pointer);

describe('a message with', () => {
  test.each([
    ['a wrong address in from', { from: 'nobody' }, '/from'],
    ['a wrong address in to', { to: ['b@example.org', 'b@@example.org'] }, '/to/1'],
    ['a header that holds CR LF', { headers: { 'X-A': 'one\r\nBcc: c@example.org' } }, '/headers/X-A'],
    ['a header whose name holds CR LF', { headers: { 'X-A\r\nBcc': 'x' } }, '/headers/X-A\r\nBcc'],
    ['a subject that holds CR LF', { subject: 'Hi\r\nBcc: c@example.org' }, '/subject'],
    ['send_at in the past', { send_at: PAST }, '/send_at'],
    ['expires_at in the past', { expires_at: PAST }, '/expires_at'],
    [
      'expires_at before send_at',
      { send_at: '2099-01-02T00:00:00Z', expires_at: '2099-01-01T00:00:00Z' },
      '/expires_at',
    ],
    ['an unknown account', { account_id: 'nope' }, '/account_id'],
    ['an unknown on_in_doubt', { on_in_doubt: 'guess' }, '/on_in_doubt'],
    ['an unknown field', { sendat: PAST }, '/sendat'],
  ])('%s is 422, names the field and is not queued', async (_, change, pointer) => {
    await using app = await appWithAccount();
    const answer = await app.call('POST', '/v1/messages', { json: { ...right, ...change } });
    expect([answer.status, pointersOf(answer.json)]).toEqual([422, [pointer]]);
    expect((await app.call('GET', '/v1/messages')).json.items).toEqual([]);
    // Its id is free: nothing of it stayed.
    expect((await app.call('POST', '/v1/messages', { json: right })).status).toBe(202);
  });

  test('one of several that is malformed keeps all of a batch out', async () => {
    await using app = await appWithAccount();
    const messages = [right, { ...right, id: 'two', send_at: PAST }];
    const answer = await app.call('POST', '/v1/messages/batch', { json: { messages } });
    expect([answer.status, pointersOf(answer.json)]).toEqual([422, ['/messages/1/send_at']]);
    expect((await app.call('GET', '/v1/messages')).json.items).toEqual([]);
  });
});

describe('a setting of', () => {
  test.each([
    ['a verdict that is none', [{ codes: [550], verdict: 'nobody' }], '/reply_rules/0/verdict'],
    ['no condition', [{ verdict: 'policy' }], '/reply_rules/0'],
    ['a code that is no failure', [{ codes: [250], verdict: 'policy' }], '/reply_rules/0/codes/0'],
    ['a status of another class', [{ status: ['2.7'], verdict: 'policy' }], '/reply_rules/0/status/0'],
  ])('reply_rules with %s is 422 and names it', async (_, reply_rules, pointer) => {
    await using app = await serveApp();
    const answer = await app.call('PATCH', '/v1/tenants/default', { json: { reply_rules } });
    expect([answer.status, pointersOf(answer.json)]).toEqual([422, [pointer]]);
    expect((await app.call('GET', '/v1/tenants/default')).json.reply_rules).toEqual([]);
  });

  test('on_in_doubt that is unknown is 422 and names it', async () => {
    await using app = await serveApp();
    const answer = await app.call('PATCH', '/v1/tenants/default', { json: { on_in_doubt: 'guess' } });
    expect([answer.status, pointersOf(answer.json)]).toEqual([422, ['/on_in_doubt']]);
  });

  test('a limit of nothing is 422 and names it', async () => {
    await using app = await appWithAccount();
    const answer = await app.call('PATCH', '/v1/accounts/main', { json: { limit_per_minute: 0 } });
    expect([answer.status, pointersOf(answer.json)]).toEqual([422, ['/limit_per_minute']]);
  });
});

describe('a DKIM key', () => {
  const key = { domain: 'example.net', selector: 'mail' };

  test.each([
    ['that cannot be read', { private_key: 'swordfish' }, '/private_key'],
    ['that is neither given nor made', {}, '/private_key'],
    ['of an unknown account', { generate: 'ed25519', account_id: 'nope' }, '/account_id'],
    ['of a domain that is none', { generate: 'ed25519', domain: 'not a domain' }, '/domain'],
  ])('%s is 422, names the field, keeps the text to itself and stores nothing', async (_, change, pointer) => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/dkim-keys', { json: { ...key, ...change } });
    expect([answer.status, pointersOf(answer.json)]).toEqual([422, [pointer]]);
    expect(answer.text).not.toContain('swordfish');
    expect((await app.call('GET', '/v1/dkim-keys')).json.items).toEqual([]);
  });

  test('that is taken or made shows its record and never itself', async () => {
    await using app = await serveApp();
    const made = await app.call('POST', '/v1/dkim-keys', { json: { ...key, generate: 'ed25519' } });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      dns_name: 'mail._domainkey.example.net',
      dns_value: expect.stringMatching(/^v=DKIM1; k=ed25519; p=/),
    });
    const again = await app.call('POST', '/v1/dkim-keys', { json: { ...key, generate: 'ed25519' } });
    expect([again.status, again.json.code]).toEqual([409, 'duplicate_id']);
    const log = await app.call('GET', '/v1/command-log');
    expect(made.text + log.text).not.toContain('PRIVATE KEY');
  });
});
