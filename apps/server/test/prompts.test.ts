// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_TOKEN, type ServedApp, serveApp } from './served-app.case.ts';
import { KEY, openTerminal, runPiped } from './terminal.case.ts';

let app: ServedApp;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  app = await serveApp();
  env = { GMP_URL: app.url, GMP_API_TOKEN: ADMIN_TOKEN, GMP_EDITION: 'community' };
});
afterAll(() => app[Symbol.asyncDispose]());

test('what is missing is asked for at a terminal: texts, numbers, and a password that is not shown', async () => {
  await using terminal = openTerminal(['accounts', 'create', '--user', 'me'], { env });
  for (const [question, answer] of [
    ['◆  id', 'main'],
    ['◆  host', 'smtp.example.net'],
    ['◆  port', 'many'],
  ] as const) {
    await terminal.waitFor(question);
    terminal.write(answer + KEY.enter);
  }
  await terminal.waitFor('takes a number');
  terminal.write(`${'\u007f'.repeat(4)}587${KEY.enter}`);
  await terminal.waitFor('◆  password');
  terminal.write(`swordfish${KEY.enter}`);
  expect(await terminal.exitCode).toBe(0);
  expect(terminal.raw()).not.toContain('swordfish');
  const account = await app.call('GET', '/v1/accounts/main');
  expect(account.json).toMatchObject({ host: 'smtp.example.net', port: 587, user: 'me' });
});

test('what cannot be taken back is confirmed at a terminal, and Enter alone does not', async () => {
  await app.call('POST', '/v1/tenants', { json: { id: 'acme' } });
  await using refused = openTerminal(['tenants', 'delete', 'acme'], { env });
  await refused.waitFor('tenants delete acme at http');
  refused.write(KEY.enter);
  expect(await refused.exitCode).toBe(130);
  expect(refused.screen()).toContain('nothing was done');
  expect((await app.call('GET', '/v1/tenants/acme')).status).toBe(200);
  // The tenant is asked for, then whether; choices are moved through with the arrows.
  await using confirmed = openTerminal(['tenants', 'delete'], { env });
  await confirmed.waitFor('◆  tenant id');
  confirmed.write(`acme${KEY.enter}`);
  await confirmed.waitFor('go on?');
  confirmed.write(KEY.left + KEY.enter);
  expect(await confirmed.exitCode).toBe(0);
  expect((await app.call('GET', '/v1/tenants/acme')).status).toBe(404);
});

test('choices are a list, and Ctrl-C leaves it', async () => {
  await using terminal = openTerminal(['instance-tokens', 'create'], { env });
  await terminal.waitFor('◆  kind');
  expect(terminal.screen()).toMatch(/● admin[\s\S]*○ metrics/);
  terminal.write(KEY.down);
  await terminal.waitFor('● metrics');
  terminal.write(KEY.enter);
  expect(await terminal.exitCode).toBe(0);
  expect(terminal.screen()).toMatch(/kind +metrics/);
  await using left = openTerminal(['instance-tokens', 'create'], { env });
  await left.waitFor('◆  kind');
  left.write(KEY.ctrlC);
  expect(await left.exitCode).toBe(130);
});

test('nothing is asked in a pipe, nor with --no-input or --json', async () => {
  const piped = await runPiped(['accounts', 'create', '--id', 'x'], { env });
  expect(piped).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('missing: --host, --port') });
  for (const flag of ['--no-input', '--json']) {
    await using terminal = openTerminal(['accounts', 'create', '--id', 'x', flag], { env });
    expect([flag, await terminal.exitCode]).toEqual([flag, 2]);
    expect(terminal.screen()).toContain('missing: --host, --port');
  }
});
