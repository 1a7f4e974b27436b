// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The set-up of a server as a file says: the real commands beside a real server.
import { readFileSync, writeFileSync } from 'node:fs';
import { type TempDir, tempDir } from '@mail-proxy/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Run, run } from './run-command.case.ts';
import { ADMIN_TOKEN, type ServedApp, serveApp } from './served-app.case.ts';
import { KEY, openTerminal } from './terminal.case.ts';

const SECRET = 'hunter-two-and-three';
const KEEPER = '-keeper-';
const RED = '\u001b[31m';
const GREEN = '\u001b[32m';

let dir: TempDir;
let app: ServedApp;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  dir = tempDir();
  app = await serveApp();
  env = { GMP_URL: app.url, GMP_API_TOKEN: ADMIN_TOKEN, RELAY_PASSWORD: SECRET };
  writeFileSync(dir.file('bearer.txt'), `${KEEPER}\n`);
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

function write(name: string, text: string): string {
  writeFileSync(dir.file(name), text);
  return dir.file(name);
}

async function apply(text: string, ...flags: readonly string[]): Promise<Run> {
  return await run(['apply', '-f', write('set-up.yaml', text), ...flags], env);
}

async function listed(path: string): Promise<readonly Record<string, unknown>[]> {
  return (await app.call('GET', path)).json.items;
}

// Accounts first: what needs what is not the order of the file.
const SET_UP = `
accounts:
  - { tenant_id: acme, id: main, host: smtp.example.net, port: 587, user: shop, password: { env: RELAY_PASSWORD } }
  - { tenant_id: acme, id: box, type: sandbox }
dkim_keys:
  - { tenant_id: acme, domain: Example.COM, selector: mail, generate: ed25519 }
storages:
  - { tenant_id: acme, name: files, protocol: local, config: { base_path: /srv/mail/acme } }
tenants:
  - id: acme
    name: Acme
    limit_per_hour: 100
    client_base_url: https://acme.example.com
    client_auth: { method: bearer, token: { file: bearer.txt } }
`;

test('says first what it would do, then does it in the order in which things need each other, and a second time nothing', async () => {
  const dry = await apply(SET_UP, '--dry-run');
  expect([dry.code, dry.stderr]).toEqual([0, '']);
  expect(dry.stdout).toMatch(/^\+ tenants acme\n/);
  expect(dry.stdout).toMatch(/password +\(secret, from env RELAY_PASSWORD\)/);
  expect(dry.stdout).toMatch(/5 to add, 0 to change, 0 to delete; 0 as they should be\n$/);
  expect((await listed('/v1/tenants')).map(({ id }) => id)).toEqual(['default']);

  const made = await apply(SET_UP);
  expect([made.code, made.stderr]).toEqual([0, '']);
  expect(made.stdout).toMatch(/acme api_key: \S+ \(shown this once\)\ndone: 5 changes\n$/);
  for (const { stdout } of [dry, made]) for (const hidden of [SECRET, KEEPER]) expect(stdout).not.toContain(hidden);
  expect(await listed('/v1/accounts?tenant_id=acme')).toMatchObject([
    { id: 'main', has_password: true },
    { id: 'box' },
  ]);

  const again = await apply(SET_UP, '--json');
  expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { changes: [], same: 5, done: 0 }]);
});

test('changes the fields that differ and no others, and tells from what to what', async () => {
  await app.call('PATCH', '/v1/tenants/acme', { json: { weight: 3 } });
  const text = SET_UP.replace('limit_per_hour: 100', 'limit_per_hour: 200').replace('port: 587', 'port: 2525');
  const { code, stdout } = await apply(text);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^~ tenants acme\n +limit_per_hour +100 -> 200\n~ accounts acme\/main\n +port +587 -> 2525\n/);
  expect((await app.call('GET', '/v1/tenants/acme')).json).toMatchObject({ limit_per_hour: 200, weight: 3 });
  // A secret that is there is sent again only when it is asked for.
  const secrets = JSON.parse((await apply(text, '--set-secrets', '--json')).stdout);
  expect(secrets).toMatchObject({ done: 2, changes: [{ kind: 'tenants' }, { kind: 'accounts', name: 'acme/main' }] });
  expect(JSON.stringify(secrets)).not.toContain(SECRET);
});

test('refuses what cannot be, by line and column, and repeats no secret', async () => {
  const text = `tenants:
  - id: acme
    limit_per_hours: 5
    weight: null
accounts:
  - { tenant_id: acme, id: a, host: h.example, port: 25, user: u, password: ${SECRET} }
  - { tenant_id: acme, id: a, host: h.example, port: no, password: { env: NONE_SUCH } }
  - { tenant_id: acme, id: b, host: h.example, port: 25, password: { file: none.txt } }
storage: []
`;
  const { code, stdout, stderr } = await apply(text);
  expect([code, stdout]).toEqual([2, '']);
  for (const problem of [
    'line 3, column 5: limit_per_hours: there is no such field; did you mean limit_per_hour?',
    'line 4, column 5: weight: null sets',
    'line 6, column 67: a secret stands here; write { env: NAME } or { file: PATH }',
    'the variable NONE_SUCH is not set',
    'the file none.txt cannot be read (ENOENT)',
    'line 9, column 1: there is no list of that name; did you mean storages?',
  ]) {
    expect(stderr).toContain(problem);
  }
  expect(stderr).not.toContain(SECRET);
  expect((await apply('tenants: [')).stderr).toMatch(/line 1, column \d+: /);
  const plain = SET_UP.replace('{ env: RELAY_PASSWORD }', SECRET);
  expect((await apply(plain, '--plain-secrets', '--dry-run')).code).toBe(0);
  const fixed = await apply('storages:\n  - { tenant_id: acme, name: files, protocol: http }\n');
  expect([fixed.code, fixed.stderr]).toEqual([1, expect.stringContaining('storages acme/files: protocol cannot be')]);
});

test('stops at the first change that fails, and says what was done and what was not', async () => {
  const text = `
tenants:
  - { id: second, name: Second }
accounts:
  - { tenant_id: second, id: bad, host: smtp.example.net, port: 25, user: u }
  - { tenant_id: second, id: good, host: smtp.example.net, port: 25 }
`;
  const { code, stderr } = await apply(text);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^accounts second\/bad failed; done before it: 1 change, and after it nothing was done: accounts second\/good\./,
  );
  expect(stderr).toMatch(/error: .*\n +\/password: /);
  const { done, not_done } = JSON.parse((await apply(text, '--json')).stdout);
  expect([done, not_done]).toEqual([0, ['accounts second/bad', 'accounts second/good']]);
  const corrected = await apply(text.replace(', user: u', ''));
  expect([corrected.code, corrected.stdout]).toEqual([0, expect.stringContaining('done: 2 changes')]);
});

test('prints what is there as a file that changes nothing, and names the secrets to fill in', async () => {
  const { code, stdout } = await run(['apply', '--export'], env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^# yaml-language-server: \$schema=.*\ntenants:\n/);
  expect(stdout).toContain('# password: { env: ACME_MAIN_PASSWORD }');
  expect(stdout).toContain('# client_auth: (several fields, some secret)');
  expect(stdout).not.toContain(SECRET);
  const again = JSON.parse((await apply(stdout, '--json', '--prune')).stdout);
  expect(again).toMatchObject({ changes: [], impossible: [] });
  expect(again.same).toBeGreaterThan(6);
  // JSON is YAML, too.
  const json = await run(['apply', '--export', '--json'], env);
  expect(JSON.parse(json.stdout)).toMatchObject({ accounts: [{ id: 'main', port: 2525 }, {}, {}, {}] });
  expect(JSON.parse((await apply(json.stdout, '--json')).stdout)).toMatchObject({ changes: [], same: again.same });
});

test('with --prune asks at a terminal before it deletes what the file does not name, of the kinds that it lists', async () => {
  const file = write(
    'pruned.yaml',
    'accounts:\n  - { tenant_id: acme, id: box, type: sandbox }\n  - { id: new, type: sandbox }\n',
  );
  const names = async () => (await listed('/v1/accounts')).map(({ id }) => id).toSorted();
  const before = await names();
  {
    await using asked = openTerminal(['apply', '-f', file, '--prune'], { env });
    await asked.waitFor('1 to add, 0 to change, 3 to delete: do it?');
    expect(asked.text()).toContain('- accounts acme/main');
    for (const color of [RED, GREEN]) expect(asked.raw()).toContain(color);
    asked.write(KEY.enter);
    expect(await asked.exitCode).toBe(1);
    expect(asked.text()).toContain('nothing was changed');
  }
  expect(await names()).toEqual(before);
  // Under a context with a tenant only what is that tenant's is deleted.
  const context = { XDG_CONFIG_HOME: dir.path, GMP_API_TOKEN: ADMIN_TOKEN };
  expect((await run(['use', 'remote', '--url', app.url], context)).code).toBe(0);
  expect((await run(['use', 'remote/second'], context)).code).toBe(0);
  const ofSecond = await run(['apply', '-f', file, '--prune', '--dry-run', '--json'], context);
  const deleted = JSON.parse(ofSecond.stdout).changes.filter(({ action }: { action: string }) => action === 'delete');
  expect(deleted.map(({ name }: { name: string }) => name)).toEqual(['second/bad', 'second/good']);

  await using confirmed = openTerminal(['apply', '-f', file, '--prune'], { env });
  await confirmed.waitFor('do it?');
  confirmed.write('y');
  expect(await confirmed.exitCode).toBe(0);
  expect(await names()).toEqual(['box', 'new']);
  expect(await listed('/v1/storages')).toHaveLength(1);
});

test('the schema for editors knows each kind, its fields, and where secrets stand', async () => {
  const { code, stdout } = await run(['apply', '--schema'], {});
  expect(code).toBe(0);
  const { properties, $defs } = JSON.parse(stdout);
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(['tenants', 'accounts', 'storages', 'dkim_keys']));
  const { password, id } = properties.accounts.items.properties;
  expect(JSON.stringify(password)).toContain('#/$defs/reference');
  expect(JSON.stringify(id)).not.toContain('#/$defs/reference');
  expect($defs.reference.maxProperties).toBe(1);
  const committed = new URL('../../../docs/reference/mail-proxy.schema.json', import.meta.url);
  expect(Object.keys(JSON.parse(readFileSync(committed, 'utf8')).properties)).toEqual(
    expect.arrayContaining(Object.keys(properties)),
  );
});
