// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { exportDatabase, importDatabase, type MailEngine, type Principal, tenantPrincipal } from '@mail-proxy/core';
import { eventually, listenOnLoopback, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { imap } from '../src/imap/imap.mixin.ts';
import { startFolderServer } from './folder-server.case.ts';
import {
  addMailbox,
  KEY,
  type MailboxView,
  openMailboxWorld,
  probeTables,
  returned,
  sharedDatabase,
} from './mailbox-world.case.ts';

const SETTINGS = { host: 'imap.example.com', user: 'anna', password: 's3cret pass', purposes: ['bounces'] };

const as = (engine: MailEngine, principal: Principal) => async (name: string, input: object) =>
  // Operations on mailboxes answer with objects.
  (await engine.execute(name, input, { principal, origin: 'embedded' })) as Readonly<Record<string, unknown>>;

describe('settings', () => {
  test('have defaults, show no secret, and are changed field by field', async () => {
    await using world = await openMailboxWorld({ hasReader: false });
    const made = (await world.engine.execute('mailboxes.create', SETTINGS)) as MailboxView;
    expect(made).toMatchObject({
      ...{ scope: 'tenant', tenant_id: 'default', account_id: null, port: 993, tls: 'implicit', folder: 'INBOX' },
      ...{ has_password: true, has_oauth: false, after_handling: 'flag', poll_interval_seconds: 120, enabled: true },
    });
    expect(JSON.stringify(made)).not.toContain('s3cret');
    const oauth = { token_url: 'https://login.example/t', client_id: 'c', client_secret: 's', refresh_token: 'r' };
    const change = { mailbox_id: made.pk, oauth, after_handling: 'move', move_to: 'Done', port: null };
    expect(await world.engine.execute('mailboxes.update', change)).toMatchObject({
      ...{ has_password: false, has_oauth: true, after_handling: 'move', move_to: 'Done', port: 993, version: 2 },
    });
    expect(await world.engine.execute('mailboxes.status', { mailbox_id: made.pk })).toMatchObject({
      ...{ condition: 'no_reader', next_check_at: null, last_check_at: null },
    });
    await world.engine.execute('mailboxes.delete', { mailbox_id: made.pk });
    await expect(world.engine.execute('mailboxes.get', { mailbox_id: made.pk })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test.each([
    ['TLS is left out over a network', { tls: 'none' }, '/tls'],
    ['mail is to be moved nowhere', { after_handling: 'move' }, '/move_to'],
    ['mail is to be moved to where it is', { after_handling: 'move', move_to: 'INBOX' }, '/move_to'],
    ['there is no login', { password: null }, '/password'],
    ['there are two logins', { oauth: { access_token: 't' } }, '/password'],
    ['there is no purpose', { purposes: [] }, '/purposes'],
    ['it would look too often', { poll_interval_seconds: 0 }, '/poll_interval_seconds'],
    ['an account is named for all accounts', { scope: 'tenant', account_id: 'a' }, '/account_id'],
    ['no account is named', { scope: 'account' }, '/account_id'],
    ['a tenant is named for the instance', { scope: 'instance', tenant_id: 'default' }, '/tenant_id'],
  ])('are refused by field where %s', async (_, more, pointer) => {
    await using world = await openMailboxWorld({ hasReader: false });
    await expect(world.engine.execute('mailboxes.create', { ...SETTINGS, ...more })).rejects.toMatchObject({
      code: 'invalid_input',
      problems: [expect.objectContaining({ pointer })],
    });
  });

  test('without TLS over a network are taken where that was chosen', async () => {
    await using world = await openMailboxWorld({ hasReader: false });
    const open = { ...SETTINGS, tls: 'none', allow_cleartext: true };
    expect(await world.engine.execute('mailboxes.create', open)).toMatchObject({ tls: 'none', port: 143 });
  });
});

describe('whose mailbox it is', () => {
  test('a tenant sees its own and no other, and makes none of the instance', async () => {
    await using world = await openMailboxWorld({ hasReader: false });
    const { engine } = world;
    for (const id of ['acme', 'other']) await engine.execute('tenants.create', { id });
    const acme = as(engine, tenantPrincipal('acme'));
    const other = as(engine, tenantPrincipal('other'));
    const own = await acme('mailboxes.create', SETTINGS);
    const instance = await engine.execute('mailboxes.create', { ...SETTINGS, scope: 'instance' });
    expect(own).toMatchObject({ scope: 'tenant', tenant_id: 'acme' });
    expect(instance).toMatchObject({ scope: 'instance', tenant_id: null });
    await expect(acme('mailboxes.create', { ...SETTINGS, scope: 'instance' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect(await acme('mailboxes.list', {})).toMatchObject({ items: [{ pk: own['pk'] }], next: null });
    expect(await other('mailboxes.list', {})).toMatchObject({ items: [] });
    for (const verb of ['get', 'update', 'delete', 'status', 'check', 'list-mails']) {
      const input = { mailbox_id: own['pk'] };
      await expect(other(`mailboxes.${verb}`, input)).rejects.toMatchObject({ code: 'not_found' });
    }
    expect(await engine.execute('mailboxes.list', {})).toMatchObject({ items: [{}, {}] });
  });

  test('that of an account goes with it, and those of a tenant with the tenant', async () => {
    await using world = await openMailboxWorld({ hasReader: false });
    const { engine } = world;
    await engine.execute('tenants.create', { id: 'acme' });
    const relay = { tenant_id: 'acme', id: 'main', host: 'smtp.example.com', port: 25 };
    await engine.execute('accounts.create', relay);
    const input = { ...SETTINGS, tenant_id: 'acme' };
    await expect(engine.execute('mailboxes.create', { ...input, account_id: 'none' })).rejects.toMatchObject({
      code: 'unknown_account',
    });
    const ofAccount = await engine.execute('mailboxes.create', { ...input, account_id: 'main' });
    expect(ofAccount).toMatchObject({ scope: 'account', account_id: 'main' });
    await engine.execute('mailboxes.create', input);
    await engine.execute('accounts.delete', { tenant_id: 'acme', account_id: 'main' });
    expect(await engine.execute('mailboxes.list', {})).toMatchObject({ items: [{ scope: 'tenant' }] });
    await engine.execute('tenants.delete', { tenant_id: 'acme' });
    expect(await engine.execute('mailboxes.list', {})).toMatchObject({ items: [] });
  });

  test("a tenant's host in a private network is not connected to, the operator's is", async () => {
    await using server = await startFolderServer();
    await using world = await openMailboxWorld({ outgoing: {} });
    const tenants = await addMailbox(world, { port: server.port });
    const { error } = await world.until(tenants.pk, ({ condition }) => condition === 'failing');
    expect(error).toMatchObject({ stage: 'connect', code: 'address_not_allowed' });
    expect(server.peer.connections).toBe(0);
    const operators = await addMailbox(world, { port: server.port, scope: 'instance' });
    await world.until(operators.pk, ({ condition }) => condition === 'ok');
  });
});

describe('XOAUTH2', () => {
  const oauthOf = (url: string) => ({
    token_url: `${url}/token`,
    client_id: 'c',
    client_secret: 's',
    refresh_token: 'r1',
  });

  test('a token of the endpoint logs in, and its new refresh token is stored', async () => {
    await using endpoint = await startTokenEndpoint(({ refresh_token: given }) => ({
      access_token: `token for ${given}`.replaceAll(' ', '-'),
      refresh_token: 'r2',
    }));
    await using server = await startFolderServer({ capabilities: 'IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS' });
    server.add(returned('one'));
    await using shared = await sharedDatabase();
    for (const used of ['r1', 'r2']) {
      await using world = await openMailboxWorld(shared);
      const { items } = (await world.engine.execute('mailboxes.list', {})) as { items: readonly MailboxView[] };
      const oauth = { password: null, oauth: oauthOf(endpoint.url) };
      const { pk } = items[0] ?? (await addMailbox(world, { port: server.port, ...oauth }));
      await world.engine.execute('mailboxes.check', { mailbox_id: pk });
      await world.until(pk, ({ condition, counts }) => condition === 'ok' && counts.handled === 1);
      await eventually(() => endpoint.asked.some(({ refresh_token: given }) => given === used));
    }
    const [login = ''] = server.commands.filter((command) => command.includes('AUTHENTICATE'));
    const said = Buffer.from(login.split(' ').at(-1) ?? '', 'base64').toString();
    expect(said).toBe('user=anna\u0001auth=Bearer token-for-r1\u0001\u0001');
  });

  test('an endpoint that refuses the settings is asked once in five minutes', async () => {
    await using endpoint = await startTokenEndpoint(() => null);
    await using server = await startFolderServer();
    await using world = await openMailboxWorld();
    const oauth = { password: null, oauth: oauthOf(endpoint.url) };
    const { pk } = await addMailbox(world, { port: server.port, ...oauth });
    const status = await world.until(pk, ({ condition }) => condition === 'login_failed');
    expect(status.error).toMatchObject({ stage: 'token', message: expect.stringContaining('invalid_grant') });
    expect(Date.parse(status.next_check_at ?? '') - Date.parse(status.last_check_at ?? '')).toBeGreaterThan(299_000);
    expect(server.peer.connections).toBe(0);
  });
});

describe('what is stored', () => {
  test('goes to another database, where it goes on', async () => {
    await using server = await startFolderServer();
    server.add(returned('one'));
    await using from = await sharedDatabase();
    await using to = await sharedDatabase('postgres');
    using dir = tempDir();
    let pk = '';
    {
      await using world = await openMailboxWorld(from);
      ({ pk } = await addMailbox(world, { port: server.port }));
      await world.until(pk, ({ condition }) => condition === 'ok');
    }
    const mixins = [imap, probeTables];
    await exportDatabase({ config: { database: from.database }, mixins, folder: dir.file('archive') });
    await importDatabase({
      config: { database: to.database, encryptionKey: KEY },
      mixins,
      folder: dir.file('archive'),
    });
    server.add(returned('two'));
    await using world = await openMailboxWorld(to);
    await world.engine.execute('mailboxes.check', { mailbox_id: pk });
    await world.until(pk, ({ counts }) => counts.handled === 2);
    expect(await world.subjects()).toEqual(['one', 'two']);
  });
});

test('at another place UIDs mean something else, and what was carried there is not handled again', async () => {
  await using one = await startFolderServer();
  await using other = await startFolderServer();
  const carried = returned('carried');
  one.add(carried, returned('left behind'));
  other.add(returned('new'), carried);
  await using world = await openMailboxWorld();
  const { pk } = await addMailbox(world, { port: one.port });
  await world.until(pk, ({ counts }) => counts.handled === 2);
  // UIDVALIDITY is the same by chance.
  await world.engine.execute('mailboxes.update', { mailbox_id: pk, port: other.port });
  await world.until(pk, ({ counts }) => counts.handled === 3 && counts.repeated > 0);
  expect(await world.subjects()).toEqual(['carried', 'left behind', 'new']);
});

test('mail that cannot be marked is handled all the same, once, and the status says what is refused', async () => {
  let isRefusing = true;
  await using server = await startFolderServer({
    fault: (said) =>
      isRefusing && said.startsWith('UID STORE') ? { say: 'TAG NO [NOPERM] not yours\r\n' } : undefined,
  });
  server.add(...Array.from({ length: 120 }, (_, n) => returned(`mail ${n}`)));
  await using world = await openMailboxWorld();
  const { pk } = await addMailbox(world, { port: server.port });
  const { error } = await world.until(pk, ({ counts, failures }) => counts.handled === 120 && failures > 1);
  expect(error).toMatchObject({ stage: 'dispose', code: 'rejected' });
  isRefusing = false;
  await world.until(pk, ({ condition }) => condition === 'ok');
  expect(await world.handled()).toHaveLength(120);
  expect(server.mails.every(({ flags }) => flags.has('\\Seen'))).toBe(true);
});

test('an instance that starts waits with IDLE at once, whatever the interval; one that failed keeps to its time', async () => {
  await using server = await startFolderServer({ capabilities: 'IMAP4rev1 UIDPLUS IDLE' });
  await using refusing = await startFolderServer({
    fault: (said) => (said.startsWith('LOGIN') ? { say: 'TAG NO no\r\n' } : undefined),
  });
  await using shared = await sharedDatabase();
  let pk = '';
  let failed = '';
  {
    await using world = await openMailboxWorld(shared);
    ({ pk } = await addMailbox(world, { port: server.port }));
    ({ pk: failed } = await addMailbox(world, { port: refusing.port }));
    await world.until(pk, ({ condition }) => condition === 'ok');
    await world.until(failed, ({ condition }) => condition === 'login_failed');
  }
  server.add(returned('meanwhile'));
  await using world = await openMailboxWorld(shared);
  await world.until(pk, ({ counts }) => counts.handled === 1);
  expect(refusing.peer.connections).toBe(1);
});

test('mail that kills the process is passed by at the fourth start', async () => {
  await using server = await startFolderServer();
  server.add(returned('one'), returned('killer'), returned('three'));
  await using shared = await sharedDatabase();
  const child = fileURLToPath(new URL('killed-by-mail-main.ts', import.meta.url));
  const conditions = ['--conditions=mail-proxy-source', child, shared.database, String(server.port), KEY];
  for (let n = 1; n <= 4; n++) {
    // Without a record of who was at fault, the first one counts for nothing.
    const [code, signal] = await once(spawn(process.execPath, conditions, { stdio: 'inherit' }), 'exit');
    expect([n, code, signal]).toEqual([n, null, 'SIGKILL']);
  }
  await using world = await openMailboxWorld(shared);
  const { items } = (await world.engine.execute('mailboxes.list', {})) as { items: readonly MailboxView[] };
  const pk = items[0]?.pk ?? '';
  await world.engine.execute('mailboxes.check', { mailbox_id: pk });
  await world.until(pk, ({ condition, counts }) => condition === 'ok' && counts.retrying === 1);
  expect(await world.subjects()).toEqual(['three']);
  const retrying = { mailbox_id: pk, state: 'retrying' };
  expect(await world.engine.execute('mailboxes.list-mails', retrying)).toMatchObject({
    items: [{ uid: 2, attempts: 3 }],
  });
}, 120_000);

test('mail that fails is tried again at its time, set aside, listed, and tried again by hand', async () => {
  await using server = await startFolderServer();
  server.add(returned('poison'), returned('fine'));
  let isPoison = true;
  await using world = await openMailboxWorld({
    read: (_mail, subject) => {
      if (subject === 'poison' && isPoison) throw new TypeError('cannot read the body: secret words');
    },
  });
  const { engine } = world;
  const { pk } = await addMailbox(world, { port: server.port });
  const status = await world.until(pk, ({ condition }) => condition === 'ok');
  expect(await world.subjects()).toEqual(['fine']);
  expect(status.counts).toMatchObject({ handled: 1, retrying: 1, set_aside: 0 });
  const list = async (state: string) =>
    (await engine.execute('mailboxes.list-mails', { mailbox_id: pk, state })) as {
      readonly items: readonly Readonly<Record<string, unknown>>[];
    };
  const { items } = await list('retrying');
  expect(items).toMatchObject([{ uid: 1, attempts: 1, error: 'TypeError; the log has more' }]);
  expect(JSON.stringify(items)).not.toContain('secret words');
  isPoison = false;
  await engine.execute('mailboxes.retry-mail', { mailbox_id: pk, mail_id: items[0]?.['pk'] });
  await world.until(pk, ({ counts }) => counts.handled === 2 && counts.retrying === 0);
  expect(await world.subjects()).toEqual(['fine', 'poison']);
  await expect(
    engine.execute('mailboxes.retry-mail', { mailbox_id: pk, mail_id: items[0]?.['pk'] }),
  ).rejects.toMatchObject({ code: 'conflict' });
  expect(server.mails.map(({ flags }) => [...flags])).toEqual([['\\Seen'], ['\\Seen']]);
});

/** A token endpoint (RFC 6749): null refuses. */
async function startTokenEndpoint(
  answer: (form: Readonly<Record<string, string>>) => Readonly<Record<string, string>> | null,
) {
  const asked: Readonly<Record<string, string>>[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    asked.push(form);
    const given = answer(form);
    response.writeHead(given === null ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(given ?? { error: 'invalid_grant' }));
  });
  const { port, close } = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}`, asked, [Symbol.asyncDispose]: close };
}
